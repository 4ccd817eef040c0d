import { VISIBLE_PARTICLE } from '@trawl/spec';
import { part, size } from '../data/evaluation.js';
import type { Particles } from '../data/particles.js';
import type { Entry } from './legend.js';
import { seriesColour } from './palette.js';
import { type Box, INK, type Scene } from './scene.js';

/* Particles over an image: dots where they are, frames as large as they are. White around them shows on any picture. */

const DOT = 'M-1.6,0A1.6,1.6 0 1 0 1.6,0A1.6,1.6 0 1 0 -1.6,0';
const SPECK = 'M-0.7,0A0.7,0.7 0 1 0 0.7,0A0.7,0.7 0 1 0 -0.7,0';

type Placed = Pick<Particles, 'images' | 'keypoints' | 'scales' | 'transparency'>;

/** Particles of an image that are on, by number. */
export function visible({ transparency }: Pick<Particles, 'transparency'>, image: number): number[] {
  const on = part(transparency, image);
  return [...on.keys()].filter((particle) => (on[particle] ?? 0) > VISIBLE_PARTICLE);
}

export const colourOf = (particle: number, particles: number): string => seriesColour(particle, particles);

/** Where -1..1 within an image of `side` pixels lies in a box: the ends are the middles of the outer pixels. */
function across(at: number, side: number, from: number, length: number): number {
  const clamped = Math.min(1, Math.max(-1, at));
  return from + (((clamped + 1) / 2) * (side - 1) + 0.5) * (length / side);
}

export function drawDots(scene: Scene, box: Box, particles: Placed, image: number): void {
  const side = size(particles.images, 1);
  const count = size(particles.keypoints, 1);
  for (const particle of visible(particles, image)) {
    const [row = 0, column = 0] = part(particles.keypoints, image, particle);
    scene.path(
      DOT,
      { fill: colourOf(particle, count), stroke: '#ffffff', width: 0.6 },
      across(column, side, box.x, box.w),
      across(row, side, box.y, box.h),
    );
  }
}

export function drawPrior(
  scene: Scene,
  box: Box,
  particles: Pick<Particles, 'images' | 'prior_keypoints'>,
  image: number,
): void {
  const side = size(particles.images, 1);
  for (let i = 0; i < size(particles.prior_keypoints, 1); i += 1) {
    const [row = 0, column = 0] = part(particles.prior_keypoints, image, i);
    scene.path(
      SPECK,
      { fill: INK, stroke: '#ffffff', width: 0.3 },
      across(column, side, box.x, box.w),
      across(row, side, box.y, box.h),
    );
  }
}

export function drawBoxes(scene: Scene, box: Box, particles: Placed, image: number): void {
  const count = size(particles.keypoints, 1);
  scene.clipped(box, () => {
    for (const particle of visible(particles, image)) {
      const [row = 0, column = 0] = part(particles.keypoints, image, particle);
      const [high = 0, wide = 0] = part(particles.scales, image, particle);
      const [w, h] = [wide * box.w, high * box.h];
      const at = { x: box.x + (0.5 + column / 2) * box.w - w / 2, y: box.y + (0.5 + row / 2) * box.h - h / 2, w, h };
      scene.rect(at, { stroke: '#ffffff', width: 1.4 });
      scene.rect(at, { stroke: colourOf(particle, count), width: 0.8 });
    }
  });
}

const dot =
  (d: string, fill: string, width: number): Entry['drawKey'] =>
  (scene, x, y) =>
    scene.path(d, { fill, stroke: '#ffffff', width }, x + 2, y);

/** What the marks mean. */
export const MARKS = {
  particle: {
    text: `particle that is on (transparency above ${VISIBLE_PARTICLE}), a colour each`,
    keyWidth: 4,
    drawKey: dot(DOT, seriesColour(1, 3), 0.6),
  },
  box: {
    text: 'as large as the particle says',
    keyWidth: 6,
    drawKey: (scene, x, y) => scene.rect({ x, y: y - 2.5, w: 5, h: 5 }, { stroke: seriesColour(1, 3), width: 0.8 }),
  },
  prior: { text: 'keypoint of the prior', keyWidth: 4, drawKey: dot(SPECK, INK, 0.3) },
} satisfies Record<string, Entry>;
