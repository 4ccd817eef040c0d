import type { Trial } from '../contract.js';
import { OBJECT_FACTORS } from '../contract.js';
import { RandomState } from '../random.js';
import type { BallsSpec } from './facts.js';
import type { Ball } from './motion.js';
import { move, RADIUS, throwBalls } from './motion.js';

/** On black; far from each other. */
const COLOURS = [
  [230, 60, 60],
  [70, 200, 90],
  [70, 110, 240],
  [240, 200, 60],
  [210, 90, 220],
  [80, 220, 220],
] as const;

/** A clip a trial, a stream of its own each. `factors` says where the balls are, always in the same order. */
export function generateBalls(spec: BallsSpec): Trial[] {
  return [spec.train, spec.val, spec.test].flatMap((count, split) =>
    Array.from({ length: count }, (_, clip) => clipOf(spec, new RandomState([spec.seed, split, clip]))),
  );
}

function clipOf({ frames, balls: count, size }: BallsSpec, random: RandomState): Trial {
  const bytes = size * size * 3;
  const pixels = new Uint8Array(frames * bytes);
  const factors = new Float32Array(frames * count * OBJECT_FACTORS);
  let balls = throwBalls(count, size, random);
  for (let frame = 0; frame < frames; frame++) {
    if (frame > 0) balls = move(balls, size);
    const picture = pixels.subarray(frame * bytes, (frame + 1) * bytes);
    for (const [i, ball] of balls.entries()) {
      paint(picture, size, ball, COLOURS[i] ?? COLOURS[0]);
      // The middle of pixel p is at p + 1/2.
      const at = (value: number): number => (2 * (value - 0.5)) / (size - 1) - 1;
      factors.set([at(ball.row), at(ball.column), 1], (frame * count + i) * OBJECT_FACTORS);
    }
  }
  return { nFrames: frames, frames: pixels, labels: null, labelMasks: null, frameMasks: null, factors };
}

/** Over what is there, its edge one pixel soft. */
function paint(picture: Uint8Array, size: number, { row, column }: Ball, colour: readonly number[]): void {
  const [top, left] = [Math.floor(row - RADIUS - 1), Math.floor(column - RADIUS - 1)];
  const reach = Math.ceil(2 * RADIUS) + 3;
  for (let y = Math.max(0, top); y < Math.min(size, top + reach); y++) {
    for (let x = Math.max(0, left); x < Math.min(size, left + reach); x++) {
      const [down, right] = [y + 0.5 - row, x + 0.5 - column];
      const cover = Math.min(1, Math.max(0, RADIUS + 0.5 - Math.sqrt(down * down + right * right)));
      for (const [c, value] of colour.entries()) {
        const i = (y * size + x) * 3 + c;
        picture[i] = Math.round((picture[i] ?? 0) * (1 - cover) + value * cover);
      }
    }
  }
}
