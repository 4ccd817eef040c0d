import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { BackendInfo } from '@trawl/spec';
import { findNative } from '@trawl/nn/native';

interface Training {
  info: BackendInfo;
  losses: number[];
  /** Live tensors after every step. */
  tensors: number[];
  milliseconds: number[];
  /** Of weights and optimiser slots. */
  weights: string;
}

const run = promisify(execFile);
const child = new URL('./autoencoderChild.mjs', import.meta.url).pathname;
const STEPS = 50;

async function train(backend: string): Promise<Training> {
  const { stdout } = await run(process.execPath, [child, backend, String(STEPS)], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

const native = await findNative();

describe.each(['wasm', ...(native ? ['tfjs-node-gpu'] : [])])('an autoencoder on %s, two threads', (backend) => {
  test('learns, leaves no tensor behind, and twice gives the same bits', async () => {
    const [first, second] = [await train(backend), await train(backend)];
    expect(first.info.backend).toBe(backend);
    expect(first.losses.at(-1)!).toBeLessThan(first.losses[0]! / 5);
    expect(new Set(first.tensors).size).toBe(1);
    expect(second.losses).toEqual(first.losses);
    expect(second.weights).toBe(first.weights);
  });
});

test.skipIf(!native)('wasm and native train alike (skipped where no native build is installed)', async () => {
  const [wasm, fast] = [await train('wasm'), await train('tfjs-node-gpu')];
  // Float32 sums in another order: steps stay close, and drift apart slowly.
  wasm.losses.slice(0, 10).forEach((loss, step) => expect(fast.losses[step]).toBeCloseTo(loss, 4));
  expect(Math.abs(fast.losses.at(-1)! / wasm.losses.at(-1)! - 1)).toBeLessThan(0.2);
});
