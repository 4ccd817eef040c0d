import { createHash } from 'node:crypto';
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../support/worker.js';
import { until } from '../support/processes.js';
import { type Stack, startStack } from '../support/stack.js';
import { ends, expectUndisturbed, finished, submitOne, trainerAt } from '../support/stubRuns.js';

let stack: Stack;
let worker: WorkerProcess;
beforeAll(async () => {
  stack = await startStack();
  worker = await stack.startWorker({ TRAWL_SLOTS: '4' });
});
// Fails when a trainer has outlived its supervisor.
afterAll(() => stack.close());

/** Long enough for a pause to come before the end. */
const EPOCHS = 10;

const fileOf = (sha256: string): string => join(stack.folder, 'artifacts', sha256.slice(0, 2), sha256);

interface Stored {
  id: string;
  step: number;
  sha256: string;
  size: number;
}

/** How a stored file may be damaged. */
const DAMAGES: Record<string, (stored: Stored) => Promise<unknown>> = {
  'cut short': ({ sha256, size }) => truncate(fileOf(sha256), size - 1),
  'of other bytes': ({ sha256, size }) => writeFile(fileOf(sha256), Buffer.alloc(size, 'x')),
  gone: ({ sha256 }) => rm(fileOf(sha256)),
  // As when it was cut before it was hashed.
  'whole and unreadable': async ({ id }) => {
    const bytes = Buffer.from(`{"step": ${id}`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await mkdir(dirname(fileOf(sha256)), { recursive: true });
    await writeFile(fileOf(sha256), bytes);
    await stack.query('update artifact set sha256 = $2, size = $3 where id = $1', [id, sha256, bytes.length]);
  },
};

/** A run that waits in a paused sweep with its two newest checkpoints, newest first. */
async function pausedRun(params: Record<string, unknown>): Promise<{ sweep: string; id: string; stored: Stored[] }> {
  const sweep = await submitOne(stack, { checkpoint_steps: 3, ms_per_step: 50, epochs: EPOCHS, ...params });
  await trainerAt(stack, sweep, 6);
  await stack.call('POST', `/v1/sweeps/${sweep}/pause`);
  const { id } = await stack.run(sweep, 'the run to wait', ({ state }) => state === 'queued');
  const stored = (await stack.store.artifacts.of(id))
    .filter(({ kind }) => kind === 'checkpoint')
    .map(({ id: artifact, step, sha256, size }) => ({ id: artifact, step: step ?? 0, sha256, size }))
    .toSorted((a, b) => b.step - a.step);
  return { sweep, id, stored };
}

const warnings = (runId: string): unknown[] =>
  worker.logged().flatMap((line) => (line['runId'] === runId && line['level'] === 40 ? [line['msg']] : []));

describe.concurrent('a newest checkpoint', () => {
  // Another y makes other files: those of one content are stored once.
  it.each(Object.entries(DAMAGES).map(([how, damage], y) => ({ how, damage, y })))(
    'that is $how: the run goes on from the one before, with a warning',
    async ({ damage, y }) => {
      const { sweep, id, stored } = await pausedRun({ y });
      const [newest, older] = stored;
      await damage(newest!);
      await stack.call('POST', `/v1/sweeps/${sweep}/resume`);
      const run = await stack.run(sweep, 'success', finished);
      expect(run).toMatchObject({ state: 'succeeded', failures: 0 });
      expect(warnings(id)).toEqual([`checkpoint damaged, going on from step ${older!.step}`]);
      const log = await (await stack.call('GET', `/v1/runs/${id}/logs`)).text();
      expect(log).toContain(`the checkpoint of step ${newest!.step} is damaged`);
      expect(await ends(stack, id)).toEqual(['paused', 'succeeded']);
      await expectUndisturbed(stack, id, { epochs: EPOCHS });
    },
  );

  it('that is damaged like the one before: the run starts from scratch', async () => {
    const { sweep, id, stored } = await pausedRun({ y: 9 });
    await DAMAGES['cut short']!(stored[0]!);
    await DAMAGES['whole and unreadable']!(stored[1]!);
    await stack.call('POST', `/v1/sweeps/${sweep}/resume`);
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 0 });
    expect(warnings(id)).toEqual([
      `checkpoint damaged, going on from step ${stored[1]!.step}`,
      'checkpoint damaged, starting from scratch',
    ]);
    await expectUndisturbed(stack, id, { epochs: EPOCHS });
  });
});

it.each([
  ['cut short in the store', DAMAGES['cut short'], /^could not be started: FileLost: weights to start from: GET /],
  // The stub leaves weights that nobody can read.
  ['unreadable', undefined, /^weights to start from: /],
])('weights to start from that are %s fail the run as invalid data, once', async (_, damage, message) => {
  const sweep = await stack.submit({
    params: { ms_per_step: 1, epochs: 1, artifact_bytes: 1000 },
    stages: [
      { name: 'first', grid: { x: [1] }, seeds: [77], gate: 'review' },
      { name: 'second', grid: { x: [2] }, from: { stage: 'first', artifact: 'weights.safetensors' } },
    ],
  });
  const first = await stack.run(sweep, 'success', finished);
  const [weights] = (await stack.store.artifacts.of(first.id)).filter(({ kind }) => kind === 'weights');
  await damage?.({ ...weights!, step: 0 });
  const stage = await stack.store.stages.byName(sweep, 'first');
  await stack.store.stages.decide(stage!.id, { cellId: first.cellId, why: 'seen', decidedBy: 'test' });
  const run = await until('failure', async () => (await stack.runs(sweep)).find(({ state }) => state === 'failed'));
  expect(run).toMatchObject({ failures: 1, failureClass: 'invalid_data' });
  expect(run.failureMessage).toMatch(message);
});
