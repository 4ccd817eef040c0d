import type { Trial } from '../contract.js';
import { OBJECT_FACTORS } from '../contract.js';
import { RandomState } from '../random.js';
import type { ShapesSpec } from './facts.js';
import type { Pixel } from './outlines.js';
import { drawOutline } from './outlines.js';

/*
 * scikit-image 0.19's `random_shapes((64, 64), min_shapes=2, max_shapes=5, min_size=11, max_size=13,
 * intensity_range=(0, 200), allow_overlap=False, num_trials=100)` with DLP's white made cyan: the same distribution, drawn
 * from a stream of its own for each split.
 */

const FEWEST = 2;
export const MOST_SHAPES = 5;
const TRIES = 100;
const BRIGHTEST = 200;

/** Pictures of the three splits, a trial each. `factors` says where the shapes are. */
export function generateShapes(spec: ShapesSpec): Trial[] {
  return [spec.train, spec.val, spec.test].map((count, split) => picturesOf(spec, split, count));
}

function picturesOf({ size, seed }: ShapesSpec, split: number, count: number): Trial {
  const bytes = size * size * 3;
  const width = MOST_SHAPES * OBJECT_FACTORS;
  const frames = new Uint8Array(count * bytes);
  const factors = new Float32Array(count * width);
  const random = new RandomState([seed, split]);
  for (let i = 0; i < count; i++) {
    paint(frames.subarray(i * bytes, (i + 1) * bytes), factors.subarray(i * width, (i + 1) * width), size, random);
  }
  return { nFrames: count, frames, labels: null, labelMasks: null, frameMasks: null, factors };
}

function paint(picture: Uint8Array, factors: Float32Array, size: number, random: RandomState): void {
  for (let i = 0; i < picture.length; i += 3) picture.set([0, 255, 255], i);
  const filled = new Uint8Array(size * size);
  const shapes = FEWEST + random.upTo(MOST_SHAPES - FEWEST);
  const colours = Array.from({ length: shapes }, () => [0, 1, 2].map(() => random.upTo(BRIGHTEST)));
  let found = 0;
  for (const colour of colours) {
    const pixels = place(filled, size, random);
    if (!pixels) continue;
    for (const { row, column } of pixels) {
      filled[row * size + column] = 1;
      picture.set(colour, (row * size + column) * 3);
    }
    factors.set([...middle(pixels, size), 1], found * OBJECT_FACTORS);
    found++;
  }
}

/** Pixels of a shape where nothing is yet; null where none was found in TRIES places, or all of it lies outside. */
function place(filled: Uint8Array, size: number, random: RandomState): Pixel[] | null {
  const kind = random.upTo(3);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const pixels = drawOutline(kind, size, random);
    if (pixels?.every(({ row, column }) => filled[row * size + column] === 0)) return pixels.length > 0 ? pixels : null;
  }
  return null;
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function middle(pixels: readonly Pixel[], size: number): [row: number, column: number] {
  const at = (pixel: number): number => (2 * pixel) / (size - 1) - 1;
  return [at(mean(pixels.map(({ row }) => row))), at(mean(pixels.map(({ column }) => column)))];
}
