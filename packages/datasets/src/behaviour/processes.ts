import type { DatasetSpec } from '@trawl/spec';
import { RandomState } from '../random.js';
import { rotation, tangent } from './exact.js';

export type BehaviourSpec = Extract<DatasetSpec, { kind: 'behaviour' }>;
export type Factor = BehaviourSpec['factors'][number];

/** Everything of the figure that can move, each by a process of its own. */
export const PROCESSES = ['paw1.x', 'paw2.x', 'paw1.y', 'paw2.y', 'posture', 'whisking', 'lighting'] as const;
export type Process = (typeof PROCESSES)[number];

/** Shortest and longest period in frames. The bands do not overlap, so that the processes do not correlate. */
const PERIODS: Record<Process, readonly [number, number]> = {
  'paw1.x': [9, 12],
  'paw1.y': [6.5, 8.5],
  'paw2.x': [5.2, 6.2],
  'paw2.y': [4.3, 5],
  posture: [13, 18],
  whisking: [3, 4],
  lighting: [20, 32],
};

/** Sinusoids of one process in one trial. */
const WAVES = 2;

/** Labelled processes in the order of the labels: x's first, then y's. */
export function labelProcesses(labels: number): Process[] {
  if (labels === 1) return ['paw1.x'];
  if (labels === 2) return ['paw1.x', 'paw1.y'];
  return labels === 3 ? ['paw1.x', 'paw2.x', 'paw1.y'] : ['paw1.x', 'paw2.x', 'paw1.y', 'paw2.y'];
}

/** The processes that move in a set: labels first, then factors in the spec's order. */
export function movingProcesses(spec: Pick<BehaviourSpec, 'labels' | 'factors'>): Process[] {
  return [...labelProcesses(spec.labels), ...spec.factors];
}

/**
 * The value of every moving process in every frame, [trials x frames] each, in -1..1: sums of sinusoids with
 * periods and phases drawn anew for each trial from a stream of the process's own, so that adding a factor leaves
 * the others where they were. What correlation chance leaves over the whole set is taken out.
 */
export function drawProcesses(spec: BehaviourSpec): Map<Process, Float64Array> {
  const moving = new Set(movingProcesses(spec));
  const drawn = new Map<Process, Float64Array>();
  for (const [stream, process] of PROCESSES.entries()) {
    if (!moving.has(process)) continue;
    const values = new Float64Array(spec.trials * spec.frames);
    for (let trial = 0; trial < spec.trials; trial++) {
      const random = new RandomState([spec.seed, stream, trial]);
      addWaves(values.subarray(trial * spec.frames, (trial + 1) * spec.frames), PERIODS[process], random);
    }
    decorrelate(values, [...drawn.values()]);
    drawn.set(process, values);
  }
  return drawn;
}

function addWaves(values: Float64Array, [shortest, longest]: readonly [number, number], random: RandomState): void {
  let left = 1;
  for (let wave = 0; wave < WAVES; wave++) {
    const amplitude = wave === WAVES - 1 ? left : left * (0.55 + 0.3 * random.uniform());
    left -= amplitude;
    const step = rotation(tangent(Math.PI / (shortest + (longest - shortest) * random.uniform())));
    let { x, y } = onCircle(random);
    for (let t = 0; t < values.length; t++) {
      values[t] = (values[t] ?? 0) + amplitude * y;
      [x, y] = [x * step.cos - y * step.sin, y * step.cos + x * step.sin];
    }
  }
}

function onCircle(random: RandomState): { x: number; y: number } {
  for (;;) {
    const x = 2 * random.uniform() - 1;
    const y = 2 * random.uniform() - 1;
    const square = x * x + y * y;
    if (square > 1 || square < 0.01) continue;
    const radius = Math.sqrt(square);
    return { x: x / radius, y: y / radius };
  }
}

/** Gram-Schmidt on the pooled frames, then back into -1..1. A set too short to take it is left as drawn. */
function decorrelate(values: Float64Array, earlier: readonly Float64Array[]): void {
  const before = variance(values);
  const rest = values.slice();
  for (const other of earlier) {
    const slope = covariance(rest, other) / variance(other);
    const centre = mean(other);
    for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] ?? 0) - slope * ((other[i] ?? 0) - centre);
  }
  if (variance(rest) < 0.5 * before) return;
  const largest = rest.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (let i = 0; i < rest.length; i++) values[i] = (rest[i] ?? 0) / largest;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function covariance(a: Float64Array, b: Float64Array): number {
  const meanA = mean(a);
  const meanB = mean(b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - meanA) * ((b[i] ?? 0) - meanB);
  return sum / a.length;
}

const variance = (values: Float64Array) => covariance(values, values);
