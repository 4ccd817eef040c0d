import { Canvas } from './canvas.js';
import type { Joint, Part } from './canvas.js';
import { rotation } from './exact.js';
import type { Process } from './processes.js';

/** A mouse from above, facing right: where each process stands, -1..1; what does not move is 0. */
export type Pose = Record<Process, number>;

export const STILL: Pose = {
  'paw1.x': 0,
  'paw2.x': 0,
  'paw1.y': 0,
  'paw2.y': 0,
  posture: 0,
  whisking: 0,
  lighting: 0,
};

/** How far each unlabelled factor goes at its ends, for a strength. */
interface Reach {
  /** Sideways way of the rump, in the figure's units. */
  bend: number;
  /** Tangent of half the angle that whiskers swing. */
  swing: number;
  /** Share of the light under the lamp that comes and goes. */
  light: number;
}

/** Paws rest beside the snout and reach this far: clear of head, whiskers and body in every pose. */
const PAW = { x: 0.77, aside: 0.335, reachX: 0.1, reachY: 0.08, radius: 0.055 };
const SHOULDER = { x: 0.55, aside: 0.09 };
const NECK = 0.56;
const RUMP = 0.2;
const LAMP = { x: 0.15, y: 0.05 };
const MIDDLE = 0.5;
const WHISKER = 0.16;

/** `most * kx / (1 + kx)`: 0 at strength 0, `usual` at 1, never past `most`. */
function saturating(strength: number, usual: number, most: number): number {
  const k = usual / (most - usual);
  return (most * k * strength) / (1 + k * strength);
}

function reachOf(strength: number): Reach {
  return {
    bend: saturating(strength, 0.14, 0.22),
    swing: saturating(strength, 0.28, 0.45),
    light: saturating(strength, 0.3, 0.7),
  };
}

/** Where a paw is, in the figure's units; `side` -1 above the snout, 1 below. */
export function pawAt(side: -1 | 1, x: number, y: number): { x: number; y: number } {
  return { x: PAW.x + PAW.reachX * x, y: MIDDLE + side * PAW.aside + PAW.reachY * y };
}

/**
 * Draws the figure in a pose: [height x width] intensities, light on white is above 1 where the lamp is bright.
 * The array is the same one at every call.
 */
export function figurePainter(height: number, width: number, strength: number): (pose: Pose) => Float64Array {
  const canvas = new Canvas(height, width);
  const reach = reachOf(strength);
  const ground = canvas.field(floor);
  const lamp = canvas.field(lampLight);
  return (pose) => {
    const { pixels } = canvas;
    pixels.set(ground);
    for (const part of parts(pose, reach)) canvas.paint(part);
    const light = reach.light * pose.lighting;
    for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i] ?? 0) * (1 + light * (lamp[i] ?? 0));
    return pixels;
  };
}

/** A still pattern: light falls on something everywhere. */
function floor(x: number, y: number): number {
  const fromMiddle = (x - MIDDLE) * (x - MIDDLE) + (y - MIDDLE) * (y - MIDDLE);
  return 0.3 - 0.12 * Math.min(1, 2 * fromMiddle);
}

/** 1 under the lamp, less with the distance from it. */
function lampLight(x: number, y: number): number {
  const away = (x - LAMP.x) * (x - LAMP.x) + (y - LAMP.y) * (y - LAMP.y);
  return 0.35 + 0.65 / (1 + away / 0.3);
}

/** A joint beside the middle line; `side` -1 above it, 1 below. */
const aside = (side: number, x: number, away: number, radius: number): Joint => ({
  x,
  y: MIDDLE + side * away,
  radius,
});

function parts(pose: Pose, { bend, swing }: Reach): Part[] {
  const spine = (x: number, radius: number): Joint => {
    const back = Math.max(0, (NECK - x) / (NECK - RUMP));
    return { x, y: MIDDLE + bend * pose.posture * back * back, radius };
  };
  const sides = [-1, 1];
  const paws = [
    { side: -1, at: pawAt(-1, pose['paw1.x'], pose['paw1.y']) },
    { side: 1, at: pawAt(1, pose['paw2.x'], pose['paw2.y']) },
  ];
  return [
    { joints: [spine(RUMP, 0.03), spine(0.1, 0.022), spine(0.02, 0.014)], shade: 0.5 },
    ...paws.map(({ side, at }) => ({
      joints: [aside(side, SHOULDER.x, SHOULDER.aside, 0.05), { ...at, radius: 0.026 }],
      shade: 0.46,
    })),
    { joints: [spine(RUMP + 0.06, 0.135), spine(0.4, 0.13), spine(NECK, 0.095)], shade: 0.7, rim: 0.3 },
    ...sides.flatMap((side) => whiskers(side, swing * pose.whisking)),
    { joints: [aside(1, 0.62, 0, 0.11), aside(1, 0.8, 0, 0.045)], shade: 0.78, rim: 0.2 },
    ...sides.map((side) => ({ joints: [aside(side, 0.57, 0.1, 0.055)], shade: 0.6, rim: 0.2 })),
    ...sides.map((side) => ({ joints: [aside(side, 0.71, 0.055, 0.02)], shade: 0.05 })),
    { joints: [aside(1, 0.845, 0, 0.014)], shade: 0.3 },
    ...paws.map(({ at }) => ({ joints: [{ ...at, radius: PAW.radius }], shade: 0.84 })),
  ];
}

/** Three whiskers on one side of the snout, spread by a fixed angle and swung together; swing 0 is straight aside. */
function whiskers(side: number, swing: number): Part[] {
  return [-0.2, 0, 0.2].map((spread) => {
    const { cos, sin } = rotation(spread + swing);
    const root = { x: 0.79 + 0.03 * spread, y: MIDDLE + 0.03 * side };
    const tip = { x: root.x + WHISKER * sin, y: root.y + WHISKER * side * cos };
    return {
      joints: [
        { ...root, radius: 0.014 },
        { ...tip, radius: 0.01 },
      ],
      shade: 0.85,
    };
  });
}
