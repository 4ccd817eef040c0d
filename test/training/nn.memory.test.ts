import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findNative } from '@trawl/nn/native';
import { describe, expect, test } from 'vitest';

interface Trained {
  /** Live after every step that leaves nothing to be read. */
  tensors: number[];
  /** Resident after every hundredth step, garbage collected. */
  megabytes: number[];
}

const run = promisify(execFile);
const child = new URL('./memoryChild.mjs', import.meta.url).pathname;

async function train(model: string, backend: string, steps: number): Promise<Trained> {
  const args = ['--expose-gc', child, model, backend, `${steps}`];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

/** Of the steps before best weights are kept, in the last two epochs of two readings each. */
const ordinary = (tensors: readonly number[]): number[] => tensors.slice(0, -4);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const native = await findNative();

describe.concurrent.each(['wasm', 'tfjs-node-gpu'])('on %s', (backend) => {
  const without = backend !== 'wasm' && native === null;

  test('a tiny PS-VAE leaves no tensor behind in 1,000 steps', async ({ skip }) => {
    skip(without, 'no native build is installed');
    const { tensors } = await train('ps-vae', backend, 1000);
    expect(tensors).toHaveLength(100);
    expect(new Set(ordinary(tensors)).size).toBe(1);
  });

  // The smallest step there is: the same network, batches, optimiser and readings with a loss of few kernels.
  test('a tiny autoencoder takes no more memory over 10,000 steps', async ({ skip }) => {
    skip(without, 'no native build is installed');
    const { tensors, megabytes } = await train('ae', backend, 10_000);
    expect(new Set(ordinary(tensors)).size).toBe(1);
    // The first quarter is for what grows once: compiled code, pools.
    const [second, last] = [megabytes.slice(25, 50), megabytes.slice(75)].map(median);
    expect(last! / second!).toBeLessThan(1.05);
    expect(last! / second!).toBeGreaterThan(0.95);
    // Half a minute; many times that on a machine that does much else.
  }, 1_800_000);
});

// Glimpses, places and transparencies are many small tensors: one that a step left behind would show. Its steps are long, so
// on one backend alone: the best that there is.
test.concurrent.each(['dlp', 'ddlp'])('a tiny %s leaves no tensor behind', async (model) => {
  const { tensors } = await train(model, native === null ? 'wasm' : 'tfjs-node-gpu', 40);
  // The first epoch is validated: best weights stay.
  expect(tensors.slice(2)).toHaveLength(2);
  expect(new Set(tensors.slice(2)).size).toBe(1);
});
