import { createHash } from 'node:crypto';
import { DatasetSchema } from '@trawl/spec';
import { expect, test } from 'vitest';
import { OBJECT_FACTORS } from '../contract.js';
import { inspectDataset } from '../inspect.js';
import { openDataset } from '../open.js';
import { RandomState } from '../random.js';
import type { BallsSpec } from './facts.js';
import { generateBalls } from './generate.js';
import type { Ball } from './motion.js';
import { move, RADIUS, throwBalls } from './motion.js';

const spec = (given: object): BallsSpec => {
  const parsed = DatasetSchema.parse({ kind: 'balls', ...given });
  if (parsed.kind !== 'balls') throw new Error('kind');
  return parsed;
};
const small = spec({ train: 2, val: 1, test: 1, frames: 5, balls: 3 });
const hash = (of: BallsSpec) => createHash('sha256').update(generateBalls(of)[0]!.frames).digest('hex');

test('the same spec draws the same clips, another seed others', () => {
  expect(hash(small)).toBe(hash({ ...small, train: 1 }));
  expect(hash(small)).not.toBe(hash({ ...small, seed: 1 }));
  expect(hash(small)).toBe('3bce87cf567a0c8939f39199e4853bb657ff8dfbcadeb02a1c60617a01ae97ad');
});

const energy = (balls: readonly Ball[]) => balls.reduce((sum, { down, right }) => sum + down * down + right * right, 0);

test('balls stay within the walls, keep their energy and do not overlap', () => {
  let balls = throwBalls(6, 64, new RandomState(4));
  const before = energy(balls);
  let bounced = 0;
  for (let frame = 0; frame < 500; frame++) {
    const next = move(balls, 64);
    if (next.some(({ down }, i) => down !== balls[i]!.down)) bounced++;
    balls = next;
    for (const [i, a] of balls.entries()) {
      expect(Math.min(a.row, a.column, 64 - a.row, 64 - a.column)).toBeGreaterThan(RADIUS - 0.5);
      for (const b of balls.slice(i + 1))
        expect(Math.hypot(a.row - b.row, a.column - b.column)).toBeGreaterThan(2 * RADIUS - 1.5);
    }
  }
  expect(energy(balls) / before).toBeCloseTo(1, 6);
  expect(bounced).toBeGreaterThan(50);
});

test('the factors are where the balls are', () => {
  const [clip] = generateBalls(small);
  for (let frame = 0; frame < 5; frame++) {
    for (let ball = 0; ball < 3; ball++) {
      const at = (frame * 3 + ball) * OBJECT_FACTORS;
      const [row, column] = [0, 1].map((axis) => Math.round(((clip!.factors![at + axis]! + 1) / 2) * 63));
      const pixel = [...clip!.frames.subarray(((frame * 64 + row!) * 64 + column!) * 3).subarray(0, 3)];
      expect(Math.max(...pixel)).toBeGreaterThan(190);
      expect(clip!.factors![at + 2]).toBe(1);
    }
  }
});

test('facts come before the clips, and splits with them', async () => {
  const inspected = await inspectDataset(small, { roots: [] });
  if ('faults' in inspected) throw new Error('faults');
  const opened = await openDataset(small, { roots: [], expectedHash: inspected.facts.hash });
  expect(opened.facts).toEqual(inspected.facts);
  expect(opened.facts).toMatchObject({
    trials: 4,
    frames: [5, 5, 5, 5],
    splits: { train: [0, 1], val: [2], test: [3] },
  });
  await expect(openDataset(small, { roots: [], expectedHash: 'other' })).rejects.toThrow('generator has changed');
  const large = await inspectDataset(spec({ train: 10_000, frames: 1000 }), { roots: [], at: 'dataset' });
  expect(large).toMatchObject({ faults: [{ path: 'dataset' }] });
});
