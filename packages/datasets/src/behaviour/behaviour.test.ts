import { createHash } from 'node:crypto';
import { BehaviourDatasetSchema } from '@trawl/spec';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Trial } from '../contract.js';
import { splitTrials } from '../splits.js';
import { STILL, figurePainter, pawAt } from './figure.js';
import type { Pose } from './figure.js';
import { generateBehaviour } from './generate.js';
import { factorNats } from './nats.js';
import { PROCESSES, drawProcesses, labelProcesses, movingProcesses } from './processes.js';
import type { BehaviourSpec, Process } from './processes.js';

const spec = (keys: Partial<BehaviourSpec> = {}): BehaviourSpec =>
  BehaviourDatasetSchema.parse({ kind: 'behaviour', ...keys });
const EVERYTHING = { labels: 4, factors: ['posture', 'whisking', 'lighting'] } satisfies Partial<BehaviourSpec>;

function column(trials: readonly Trial[], of: 'labels' | 'factors', k: number, columns: number): number[] {
  return trials.flatMap((trial) => Array.from(trial[of]!).filter((_, i) => i % columns === k));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
function centred(values: readonly number[]): number[] {
  const middle = mean(values);
  return values.map((value) => value - middle);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

function correlation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [a, b].map(centred);
  return dot(x!, y!) / Math.sqrt(dot(x!, x!) * dot(y!, y!));
}

function standardDeviation(values: readonly number[]): number {
  const off = centred(values);
  return Math.sqrt(dot(off, off) / values.length);
}

const postureNats = (strength: number, frameStd: number) => factorNats(spec({ strength }), frameStd).get('posture')!;

/** Whether two pixels of a 32 x 32 picture are at most 2 apart. */
const near = (i: number, j: number) =>
  Math.abs(Math.floor(i / 32) - Math.floor(j / 32)) <= 2 && Math.abs((i % 32) - (j % 32)) <= 2;

describe('the default set', () => {
  let trials: Trial[];
  beforeAll(() => {
    trials = generateBehaviour(spec());
  });

  test('has the form that its spec says', () => {
    expect(trials).toHaveLength(24);
    for (const trial of trials) {
      expect(trial).toMatchObject({ nFrames: 32, labelMasks: null, frameMasks: null });
      expect(trial.frames).toHaveLength(32 * 32 * 32);
      expect(trial.labels).toHaveLength(32 * 2);
      expect(trial.factors).toHaveLength(32 * 2);
    }
  });

  // Frames, labels and factors of every machine and Node version must be these; a new number needs a new version.
  test('is the same bytes everywhere', () => {
    const hash = createHash('sha256');
    for (const trial of generateBehaviour(spec(EVERYTHING))) {
      hash.update(trial.frames);
      hash.update(new Uint8Array(trial.labels!.buffer));
      hash.update(new Uint8Array(trial.factors!.buffer));
    }
    expect(hash.digest('hex')).toBe('45da73be0ffc24a81ce055102693d85dfccc27755c127c243a7767aea54e5041');
  });

  test('has labels z-scored over the session', () => {
    for (const k of [0, 1]) {
      const values = column(trials, 'labels', k, 2);
      expect(mean(values)).toBeCloseTo(0, 5);
      expect(standardDeviation(values)).toBeCloseTo(1, 5);
    }
  });
});

describe('processes', () => {
  const drawn = drawProcesses(spec(EVERYTHING));
  const pairs = [...drawn.keys()].flatMap((a, i, all) => all.slice(i + 1).map((b) => [a, b] as const));

  test.each(pairs)('%s and %s do not go together', (a, b) => {
    const [x, y] = [[...drawn.get(a)!], [...drawn.get(b)!]];
    expect(Math.abs(correlation(x, y))).toBeLessThan(0.01);
    // What is trained on is a part of the set.
    const { train } = splitTrials(24, '8;1;1;0', 0);
    const part = (values: number[]) => train.flatMap((trial) => values.slice(trial * 32, (trial + 1) * 32));
    expect(Math.abs(correlation(part(x), part(y)))).toBeLessThan(0.1);
  });

  test.each([...drawn.keys()])('%s is smooth, fills -1..1 and is another in every trial', (process) => {
    const values = drawn.get(process)!;
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(1.6);
    const trial = (n: number) => Array.from(values.subarray(32 * n, 32 * (n + 1)));
    const lag = correlation(trial(0).slice(1), trial(0).slice(0, -1));
    // Whisking, the fastest, has a period of 3 to 4 frames.
    expect(lag).toBeGreaterThan(process === 'whisking' ? -0.7 : 0.1);
    expect(trial(0)).not.toEqual(trial(1));
  });

  test('a factor more leaves the paws where they were', () => {
    const few = drawProcesses(spec({ labels: 2, factors: ['lighting'] }));
    const more = drawProcesses(spec({ labels: 2, factors: ['lighting', 'posture', 'whisking'] }));
    expect(more.get('paw1.x')).toEqual(few.get('paw1.x'));
    expect(more.get('paw1.y')).toEqual(few.get('paw1.y'));
  });

  test('another seed is another set', () => {
    expect(drawProcesses(spec({ seed: 1 })).get('posture')).not.toEqual(drawProcesses(spec()).get('posture'));
  });

  test('labels are x first, then y', () => {
    expect([1, 2, 3, 4].map((n) => labelProcesses(n).length)).toEqual([1, 2, 3, 4]);
    expect(labelProcesses(4)).toEqual(['paw1.x', 'paw2.x', 'paw1.y', 'paw2.y']);
    expect(movingProcesses({ labels: 1, factors: ['lighting'] })).toEqual(['paw1.x', 'lighting']);
  });
});

describe('what the frames are worth', () => {
  test.each([spec(), spec(EVERYTHING)])('each factor at least 10 nats a frame, like the labelled parts', (set) => {
    const nats = factorNats(set, 0.1);
    expect([...nats.keys()].toSorted()).toEqual(movingProcesses(set).toSorted());
    for (const value of nats.values()) expect(value).toBeGreaterThan(10);
    expect(Math.max(...nats.values()) / Math.min(...nats.values())).toBeLessThan(4);
  });

  test('falls with the square of the pixel deviation and grows with the strength', () => {
    const usual = postureNats(1, 0.1);
    expect(postureNats(1, 1)).toBeCloseTo(usual / 100, 6);
    expect(postureNats(0, 0.1)).toBeCloseTo(0, 9);
    expect(postureNats(2, 0.1)).toBeGreaterThan(usual);
  });

  test('no two processes change the picture alike', () => {
    const paint = figurePainter(32, 32, 1);
    const effect = (process: Process) => {
      const far = paint({ ...STILL, [process]: 0.5 }).slice();
      return paint({ ...STILL, [process]: -0.5 }).map((value, i) => far[i]! - value);
    };
    const effects = PROCESSES.map(effect);
    for (const [i, a] of effects.entries()) {
      for (const b of effects.slice(i + 1)) {
        expect(Math.abs(dot(a, b)) / Math.sqrt(dot(a, a) * dot(b, b))).toBeLessThan(0.25);
      }
    }
  });
});

describe('the figure', () => {
  test.each([1, 10])('shows both paws whatever else moves, at strength %d', (strength) => {
    const paint = figurePainter(32, 32, strength);
    const ends = [-1, 0, 1];
    const poses = ends.flatMap((x) => ends.flatMap((y) => ends.map((lighting) => ({ x, y, lighting }))));
    for (const { x, y, lighting } of poses) {
      const pose: Pose = { ...STILL, 'paw1.x': x, 'paw2.x': -x, 'paw1.y': y, 'paw2.y': y, lighting };
      for (const paw of [pawAt(-1, x, y), pawAt(1, -x, y)]) {
        expect(Math.min(paw.x, paw.y, 1 - paw.x, 1 - paw.y)).toBeGreaterThan(0.055);
        const middle = Math.floor(paw.y * 32) * 32 + Math.floor(paw.x * 32);
        const bare = paint(pose)[middle];
        for (const posture of ends) {
          for (const whisking of ends) expect(paint({ ...pose, posture, whisking })[middle]).toBe(bare);
        }
        expect(bare).toBeGreaterThan(0.97 * Math.max(...paint(pose).filter((_, i) => near(i, middle))));
      }
    }
  });

  test('stands in the middle of a frame of any form', () => {
    const square = figurePainter(32, 32, 1)(STILL).slice();
    const wide = figurePainter(32, 48, 1)(STILL);
    for (let y = 0; y < 32; y++) {
      expect(wide.slice(y * 48 + 8, y * 48 + 40)).toEqual(square.slice(y * 32, (y + 1) * 32));
    }
  });
});

describe('parameters', () => {
  test('masked hides a share of the frames, their labels 0', () => {
    const trials = generateBehaviour(spec({ masked: 0.75 }));
    for (const { labels, labelMasks } of trials) {
      expect(labelMasks!.reduce((sum, v) => sum + v, 0)).toBe(2 * 8);
      for (const [i, mask] of labelMasks!.entries()) {
        expect(mask).toBe(labelMasks![i - (i % 2)]);
        expect(mask === 1 || labels![i] === 0).toBe(true);
      }
    }
    expect(new Set(trials.map(({ labelMasks }) => labelMasks!.join(''))).size).toBeGreaterThan(20);
  });

  test('noise has the deviation asked for', () => {
    const clean = generateBehaviour(spec({ noise: 0, trials: 3 }));
    const noisy = generateBehaviour(spec({ noise: 0.05, trials: 3 }));
    const off = clean.flatMap(({ frames }, n) => Array.from(frames, (v, i) => noisy[n]!.frames[i]! - v));
    expect(mean(off)).toBeCloseTo(0, 0);
    expect(standardDeviation(off) / 255).toBeCloseTo(0.05, 2);
  });

  test('factors stand in the order of the spec', () => {
    const one = generateBehaviour(spec({ factors: ['posture', 'lighting'], trials: 4 }));
    const other = generateBehaviour(spec({ factors: ['lighting', 'posture'], trials: 4 }));
    expect(column(one, 'factors', 0, 2)).toEqual(column(other, 'factors', 1, 2));
    expect(other[0]!.frames).toEqual(one[0]!.frames);
  });

  test.each([
    { trials: 3, frames: 2, height: 16, width: 16, masked: 0.95, ...EVERYTHING },
    { trials: 3, frames: 5, strength: 10, noise: 0.5, ...EVERYTHING },
    { trials: 3, frames: 2, height: 64, width: 16, labels: 1 },
    { trials: 3, frames: 2, labels: 3, strength: 0 },
  ] satisfies Partial<BehaviourSpec>[])('the ends of what is legal work: %o', (keys) => {
    const set = spec(keys);
    for (const { frames, labels, factors } of generateBehaviour(set)) {
      expect(frames).toHaveLength(set.frames * set.height * set.width);
      for (const value of [...labels!, ...factors!]) expect(value).toSatisfy(Number.isFinite);
    }
  });

  test('a factor named twice is a fault', () => {
    const parsed = BehaviourDatasetSchema.safeParse({ kind: 'behaviour', factors: ['posture', 'posture'] });
    expect(parsed.error?.issues[0]).toMatchObject({ path: ['factors'], message: 'names a factor twice' });
  });
});
