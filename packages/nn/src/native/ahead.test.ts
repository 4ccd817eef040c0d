import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../backend/open.js';
import { isNative } from '../kernels/native.js';
import { findNative } from './builds.js';
import { OWN_LIBRARIES, ownIn } from './own.js';

const build = await findNative();
const lacks = build === null || build.gpu || OWN_LIBRARIES.some((library) => ownIn(build.dir, library) === null);

/** No kernel has the second row of a matrix of one, which its shape function cannot know. */
function impossible(): tf.Tensor {
  const backend = tf.backend();
  if (!isNative(backend)) throw new Error('not native');
  return backend.executeSingleOutput(
    'GatherV2',
    [],
    [tf.ones([1, 2]), tf.tensor1d([1], 'int32'), tf.scalar(0, 'int32')],
  );
}

describe.skipIf(lacks)('JavaScript ahead of the native kernels (skipped where the build lacks it)', () => {
  beforeAll(async () => {
    await openBackend('tfjs-node-gpu', { threads: 2 });
  });

  it('tells the shape before a kernel has run, and of its failure when numbers are read', () => {
    const rows = impossible();
    expect(rows.shape).toEqual([1, 2]);
    expect(() => rows.dataSync()).toThrow(/indices\[0\] = 1 is not in/);
    expect([...tf.add(tf.ones([2]), 1).dataSync()]).toEqual([2, 2]);
  });

  it('tells the shapes of our own ops as their kernels make them', () => {
    const backend = tf.backend();
    if (!isNative(backend)) throw new Error('not native');
    const { TF_ATTR_INT: type, TF_ATTR_FLOAT } = backend.binding;
    const call = (op: string, attrs: Record<string, number>, inputs: tf.Tensor[], outputs = 1): tf.Tensor[] => {
      const whole = Object.entries(attrs).map(([name, value]) => ({ name, type, value }));
      const epsilon = { name: 'epsilon', type: TF_ATTR_FLOAT, value: 1e-5 };
      return backend.executeMultipleOutputs(op, 'groups' in attrs ? [...whole, epsilon] : whole, inputs, outputs);
    };
    const [x, gamma] = [tf.ones([2, 3, 5, 6]), tf.ones([6])];
    const norm = { border: 1, groups: 2, relu: 1 };
    const [y = x, mean = x, inverse = x] = call('TrawlGroupNorm', norm, [x, gamma, gamma], 3);
    const all = [
      y,
      mean,
      inverse,
      ...call('TrawlGroupNormGradient', norm, [y, x, gamma, gamma, mean, inverse], 3),
      ...call('TrawlReplicatePad', { border: 2 }, [x]),
      ...call('TrawlReplicatePadGradient', { border: 1 }, [x]),
      ...call('TrawlUpsample', { border: 1, times: 3 }, [x]),
      ...call('TrawlUpsampleGradient', { border: 1, times: 3 }, [tf.ones([2, 11, 17, 6])]),
    ];
    expect(all.map(({ shape }) => shape.join('x')).join()).toBe(
      '2x5x7x6,2x6,2x6,2x3x5x6,6,6,2x7x9x6,2x1x3x6,2x11x17x6,2x3x5x6',
    );
    for (const made of all) expect(made.dataSync()).toHaveLength(made.size);
  });

  it('waits where a shape depends on numbers', async () => {
    const where = await tf.whereAsync(tf.greater(tf.tensor1d([0, 2, 3]), 1));
    expect(where.shape).toEqual([2, 1]);
  });

  it('computes with what was uploaded, whatever becomes of the array', () => {
    const numbers = Float32Array.from({ length: 1 << 16 }, () => 1);
    const side = tf.ones<tf.Rank.R2>([512, 512]);
    const sum = tf.tidy(() => {
      let x = side;
      for (let i = 0; i < 20; i++) x = tf.div(tf.matMul(x, side), 512);
      const uploaded = tf.tensor1d(numbers);
      const result = tf.sum(tf.mul(uploaded, tf.slice(tf.reshape(x, [-1]), 0, numbers.length)));
      numbers.fill(Number.NaN);
      return result;
    });
    expect(sum.dataSync()[0]).toBeCloseTo(1 << 16, 0);
  });

  it('lets a process end while kernels wait', () => {
    const program = `
      const { openBackend } = await import(${JSON.stringify(new URL('../../dist/backend/open.js', import.meta.url))});
      const { tf } = await openBackend('tfjs-node-gpu', { threads: 2 });
      let x = tf.ones([512, 512]);
      for (let i = 0; i < 50; i++) x = tf.div(tf.matMul(x, x), 512);
      process.exit(3);`;
    const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
    expect({ status, signal }).toEqual({ status: 3, signal: null });
  });
});
