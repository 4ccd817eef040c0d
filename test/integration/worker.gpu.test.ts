import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/processes.js';
import { type Stack, startStack } from '../support/stack.js';
import { ends, finished } from '../support/stubRuns.js';

/* Devices are only named: a slot is one of them by what its trainer sees, which needs no GPU. */

let stack: Stack;
beforeEach(async () => {
  stack = await startStack();
});
// Fails when a trainer has outlived its supervisor.
afterEach(() => stack.close());

const startGpuWorker = (devices: string, slots: number) =>
  stack.startWorker({
    TRAWL_CAPABILITY: 'gpu',
    TRAWL_DEVICES: devices,
    TRAWL_SLOTS: String(slots),
    // What a trainer was started with can be read while it lives.
    TRAWL_WARM_RUNS: '1',
  });

const visibleTo = (pid: number): string =>
  /(?:^|\0)CUDA_VISIBLE_DEVICES=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1] ?? '';

interface Seen {
  /** Most trainers at once, and on one device. */
  most: number;
  mostOnOne: number;
  devices: Set<string>;
}

/** What was on which device while the sweep ran, as its trainers wrote it down. */
async function watch(sweep: string): Promise<Seen> {
  const deviceOf = new Map<number, string>();
  await until(
    'the sweep to end',
    async () => {
      for (const { pid } of stack.witness()) {
        if (deviceOf.has(pid)) continue;
        try {
          deviceOf.set(pid, visibleTo(pid));
        } catch {
          // Gone.
        }
      }
      return (await stack.runs(sweep)).every(finished);
    },
    60_000,
  );
  const alive = new Map<string, string>();
  const seen: Seen = { most: 0, mostOnOne: 0, devices: new Set(deviceOf.values()) };
  for (const { event, runId, fence, pid } of stack.witness()) {
    const key = `${runId}/${fence}`;
    if (event === 'start') alive.set(key, deviceOf.get(pid) ?? 'unknown');
    if (event === 'end') alive.delete(key);
    seen.most = Math.max(seen.most, alive.size);
    for (const device of seen.devices) {
      seen.mostOnOne = Math.max(seen.mostOnOne, [...alive.values()].filter((each) => each === device).length);
    }
  }
  return seen;
}

const sweepOf = (runs: number, params: Record<string, unknown>, execution: Record<string, unknown>): Promise<string> =>
  stack.submit({
    grid: { x: Array.from({ length: runs }, (_, i) => i + 1) },
    params: { ms_per_step: 30, ...params },
    seeds: [1],
    execution,
  });

const startCpuWorker = (slots: number) => stack.startWorker({ TRAWL_SLOTS: String(slots), TRAWL_WARM_RUNS: '1' });

describe('runs on GPUs', () => {
  it('have one each by default, however many slots there are', async () => {
    await startGpuWorker('0,GPU-77', 6);
    const seen = await watch(await sweepOf(6, {}, {}));
    expect(seen).toEqual({ most: 2, mostOnOne: 1, devices: new Set(['0', 'GPU-77']) });
    const [worker] = await stack.store.workers.list();
    expect(worker).toMatchObject({ capability: 'gpu', slots: 6, devices: ['gpu:0', 'gpu:GPU-77'] });
  });

  it('share one while their parts fit', async () => {
    await startGpuWorker('0,1', 8);
    const seen = await watch(await sweepOf(10, { ms_per_step: 60 }, { gpuShare: 0.34 }));
    expect(seen).toEqual({ most: 4, mostOnOne: 2, devices: new Set(['0', '1']) });
  });

  it.each([
    ['on their GPU', () => startGpuWorker('0', 4)],
    ['on the CPU', () => startCpuWorker(4)],
  ])('that were out of memory are tried again alone %s', async (_, start) => {
    await start();
    const sweep = await sweepOf(4, { mode: 'oom', at_step: 7, checkpoint_steps: 3, once: true }, { gpuShare: 0.25 });
    await watch(sweep);
    const runs = await stack.runs(sweep);
    expect(runs.map(({ state, failures }) => [state, failures])).toEqual(runs.map(() => ['succeeded', 1]));
    for (const { id } of runs) expect(await ends(stack, id)).toEqual(['out_of_memory', 'succeeded']);
    // No second try begins while anything else runs.
    const beside: string[][] = [];
    const alive = new Set<string>();
    for (const { event, runId, fence } of stack.witness()) {
      const key = `${runId}/${fence}`;
      if (event === 'start' && fence > 1) beside.push([...alive]);
      if (event === 'start') alive.add(key);
      if (event === 'end') alive.delete(key);
    }
    expect(beside).toEqual([[], [], [], []]);
  });
});
