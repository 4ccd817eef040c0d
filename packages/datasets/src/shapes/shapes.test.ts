import { createHash } from 'node:crypto';
import { DatasetSchema } from '@trawl/spec';
import { expect, test } from 'vitest';
import { RandomState } from '../random.js';
import { inspectDataset } from '../inspect.js';
import { openDataset } from '../open.js';
import type { ShapesSpec } from './facts.js';
import { OBJECT_FACTORS } from '../contract.js';
import { generateShapes, MOST_SHAPES } from './generate.js';
import { drawOutline } from './outlines.js';

const spec = (given: object): ShapesSpec => {
  const parsed = DatasetSchema.parse({ kind: 'shapes', ...given });
  if (parsed.kind !== 'shapes') throw new Error('kind');
  return parsed;
};
const small = spec({ train: 1500, val: 4, test: 3 });
const [train, val, test_] = generateShapes(small);

const hash = (of: ShapesSpec) => createHash('sha256').update(generateShapes(of)[1]!.frames).digest('hex');

test('the same spec draws the same pictures, another seed others', () => {
  const few = spec({ train: 5, val: 4, test: 3 });
  expect(createHash('sha256').update(val!.frames).digest('hex')).toBe(hash(few));
  expect(hash(few)).not.toBe(hash(spec({ train: 5, val: 4, test: 3, seed: 1 })));
  expect(hash(few)).toBe('41ceb09b9c8a958223c548e0cab81c1c2a4801c7ee869cca380997d59b34ee24');
});

test("pictures have the original's statistics", () => {
  const pixels = 64 * 64;
  const sums = [0, 0, 0];
  const shares = Array.from({ length: small.train }, (_, i) => {
    const picture = train!.frames.subarray(i * pixels * 3, (i + 1) * pixels * 3);
    let shown = 0;
    for (let at = 0; at < picture.length; at += 3) {
      for (let c = 0; c < 3; c++) sums[c]! += picture[at + c]! / 255 / pixels / small.train;
      if (picture[at + 1] !== 255) shown++;
    }
    return shown / pixels;
  });
  const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
  const sd = Math.sqrt(shares.reduce((a, b) => a + (b - mean) ** 2, 0) / shares.length);
  expect(mean).toBeCloseTo(0.0834, 2);
  expect(Math.abs(mean - 0.0834)).toBeLessThan(0.003);
  expect(Math.abs(sd - 0.032)).toBeLessThan(0.003);
  [0.033, 0.949, 0.949].forEach((wanted, c) => expect(Math.abs(sums[c]! - wanted)).toBeLessThan(0.004));
});

test('2 to 5 shapes, about as often; their middles are on them or close by', () => {
  const counts = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < small.train; i++) {
    const at = train!.factors!.subarray(i * MOST_SHAPES * OBJECT_FACTORS, (i + 1) * MOST_SHAPES * OBJECT_FACTORS);
    const found = [0, 1, 2, 3, 4].filter((shape) => at[shape * OBJECT_FACTORS + 2] === 1);
    counts[found.length]!++;
    for (const shape of found) {
      const [row, column] = [0, 1].map((axis) => Math.round(((at[shape * OBJECT_FACTORS + axis]! + 1) / 2) * 63));
      expect(train!.frames[((i * 64 + row!) * 64 + column!) * 3 + 1]).toBeLessThanOrEqual(200);
    }
  }
  // Few of five shapes do not fit.
  for (const shapes of [2, 3, 4, 5]) expect(Math.abs(counts[shapes]! / small.train - 0.25)).toBeLessThan(0.06);
});

test("outlines have the original's sizes", () => {
  const random = new RandomState(5);
  const sizes = [0, 1, 2, 3].map((kind) => {
    const seen = new Set<number>();
    for (let i = 0; i < 3000; i++) {
      const pixels = drawOutline(kind, 64, random);
      if (pixels && pixels.every(({ row }) => row > 0)) seen.add(pixels.length);
    }
    return [...seen].toSorted((a, b) => a - b);
  });
  expect(sizes[0]).toEqual([121, 132, 144]);
  expect(sizes[1]).toEqual([69]);
  expect(sizes[2]).toEqual([52, 65]);
  expect(sizes[3]![0]).toBeGreaterThan(80);
  expect(sizes[3]!.at(-1)).toBeLessThan(Math.PI * 7.5 ** 2 + 10);
});

test('facts come before the pictures, and splits with them', async () => {
  expect(val!.nFrames + test_!.nFrames).toBe(7);
  const inspected = await inspectDataset(small, { roots: [] });
  if ('faults' in inspected) throw new Error('faults');
  const opened = await openDataset(small, { roots: [], expectedHash: inspected.facts.hash });
  expect(opened.facts).toEqual(inspected.facts);
  expect(opened.trials.map(({ nFrames }) => nFrames)).toEqual(opened.facts.frames);
  expect(opened.facts).toMatchObject({ channels: 3, height: 64, splits: { train: [0], val: [1], test: [2] } });
  await expect(openDataset(small, { roots: [], expectedHash: 'other' })).rejects.toThrow('generator has changed');
  const large = await inspectDataset(spec({ train: 1_000_000 }), { roots: [], at: 'dataset' });
  expect(large).toMatchObject({ faults: [{ path: 'dataset' }] });
});
