import type { Trial } from '../contract.js';
import { RandomState } from '../random.js';
import { clamp } from './exact.js';
import { STILL, figurePainter, pawAt } from './figure.js';
import type { Pose } from './figure.js';
import { PROCESSES, drawProcesses, labelProcesses } from './processes.js';
import type { BehaviourSpec, Process } from './processes.js';

/** Streams after those of the processes. */
const NOISE_STREAM = PROCESSES.length;
const MASK_STREAM = PROCESSES.length + 1;

/**
 * Renders the set: the same bytes for the same spec on every machine. Labels are paw positions, z-scored over the
 * unmasked frames; `factors` holds the processes of the unlabelled factors, -1..1, in the spec's order.
 */
export function generateBehaviour(spec: BehaviourSpec): Trial[] {
  const processes = drawProcesses(spec);
  const paint = figurePainter(spec.height, spec.width, spec.strength);
  const pixels = spec.height * spec.width;
  const trials = Array.from({ length: spec.trials }, (_, trial): Trial => {
    const random = new RandomState([spec.seed, NOISE_STREAM, trial]);
    const frames = new Uint8Array(spec.frames * pixels);
    const factors = new Float32Array(spec.frames * spec.factors.length);
    for (let t = 0; t < spec.frames; t++) {
      const pose = poseAt(processes, trial * spec.frames + t);
      quantise(withLook(paint(pose), spec), frames.subarray(t * pixels), spec.noise, random);
      for (const [k, factor] of spec.factors.entries()) factors[t * spec.factors.length + k] = pose[factor];
    }
    return { nFrames: spec.frames, frames, labels: null, labelMasks: null, frameMasks: null, factors };
  });
  return label(trials, spec, processes);
}

/** A brighter corner of the floor, one of four, in one of four shades. `pixels` is changed in place. */
function withLook(pixels: Float64Array, { look, height, width }: BehaviourSpec): Float64Array {
  if (look === null) return pixels;
  const corner = (look - 1) % 4;
  const shade = 0.08 * (1 + Math.floor((look - 1) / 4));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const lower = 2 * y >= height ? 2 : 0;
      const right = 2 * x >= width ? 1 : 0;
      if (lower + right === corner) pixels[y * width + x] = (pixels[y * width + x] ?? 0) + shade;
    }
  }
  return pixels;
}

/** The pose in one of the set's frames, counted over all trials. */
export function poseAt(processes: ReadonlyMap<Process, Float64Array>, frame: number): Pose {
  const pose = { ...STILL };
  for (const [process, values] of processes) pose[process] = values[frame] ?? 0;
  return pose;
}

function quantise(pixels: Float64Array, out: Uint8Array, noise: number, random: RandomState): void {
  for (let i = 0; i < pixels.length; i++) {
    const value = (pixels[i] ?? 0) + (noise > 0 ? noise * bell(random) : 0);
    out[i] = Math.round(255 * clamp(value, 0, 1));
  }
}

/** Nearly normal, mean 0 and variance 1, from a sum of eight uniforms: a true normal needs log and cos. */
function bell(random: RandomState): number {
  let sum = 0;
  for (let draw = 0; draw < 4; draw++) {
    const bits = random.uint32();
    sum += (bits >>> 16) + (bits & 0xffff) + 1;
  }
  return (sum / 65536 - 4) * Math.sqrt(1.5);
}

function label(trials: Trial[], spec: BehaviourSpec, processes: ReadonlyMap<Process, Float64Array>): Trial[] {
  const masks = trials.map((_, trial) => drawMask(spec, trial));
  const columns = labelProcesses(spec.labels).map((process) => {
    const values = processes.get(process) ?? new Float64Array(0);
    const positions = Array.from(values, (value) => position(process, value));
    const seen = positions.filter((_, i) => masks[Math.floor(i / spec.frames)]?.[i % spec.frames] === 1);
    const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
    const variance = seen.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / seen.length;
    return positions.map((value) => (value - mean) / Math.sqrt(variance));
  });
  return trials.map((trial, n) => {
    const labels = new Float32Array(spec.frames * spec.labels);
    const labelMasks = new Float32Array(spec.frames * spec.labels);
    for (let i = 0; i < labels.length; i++) {
      const t = Math.floor(i / spec.labels);
      const labelled = masks[n]?.[t] ?? 0;
      labelMasks[i] = labelled;
      labels[i] = labelled === 1 ? (columns[i % spec.labels]?.[n * spec.frames + t] ?? 0) : 0;
    }
    return { ...trial, labels, labelMasks: spec.masked > 0 ? labelMasks : null };
  });
}

function position(process: Process, value: number): number {
  return process.endsWith('.x') ? pawAt(-1, value, 0).x : pawAt(-1, 0, value).y;
}

/** 1 for each frame of a trial whose labels are kept; one frame always is. */
function drawMask(spec: BehaviourSpec, trial: number): Uint8Array {
  const kept = Math.max(1, spec.frames - Math.round(spec.masked * spec.frames));
  const mask = new Uint8Array(spec.frames);
  const random = new RandomState([spec.seed, MASK_STREAM, trial]);
  for (const t of random.choice(spec.frames, kept)) mask[t] = 1;
  return mask;
}
