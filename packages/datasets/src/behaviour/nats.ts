import { figurePainter } from './figure.js';
import { poseAt } from './generate.js';
import { drawProcesses } from './processes.js';
import type { BehaviourSpec, Process } from './processes.js';

/** Frames looked at, and values that a process takes in each of them. */
const FRAMES = 48;
const VALUES = 9;

/**
 * What it is worth to know a process, in nats a frame: half the mean squared pixel deviation that it causes around
 * its mean given all others, summed over pixels, over `frameStd` squared. It is what the likelihood of a pixel with
 * that standard deviation gains; a latent that carries less than its KL costs collapses.
 * For every process that moves, labelled ones included; noise and rounding are left out.
 */
export function factorNats(spec: BehaviourSpec, frameStd: number): Map<Process, number> {
  const processes = drawProcesses(spec);
  const total = spec.trials * spec.frames;
  const paint = figurePainter(spec.height, spec.width, spec.strength);
  const nats = new Map<Process, number>();
  for (const [process, values] of processes) {
    const ranked = values.toSorted();
    const levels = Array.from({ length: VALUES }, (_, k) => ranked[Math.floor(((k + 0.5) / VALUES) * total)] ?? 0);
    let sum = 0;
    for (let n = 0; n < FRAMES; n++) {
      const pose = poseAt(processes, Math.floor(((n + 0.5) / FRAMES) * total));
      const pictures = levels.map((level) => paint({ ...pose, [process]: level }).slice());
      sum += summedVariance(pictures);
    }
    nats.set(process, sum / FRAMES / (2 * frameStd * frameStd));
  }
  return nats;
}

/** Variance over the pictures, summed over pixels. */
function summedVariance(pictures: readonly Float64Array[]): number {
  let sum = 0;
  const pixels = pictures[0]?.length ?? 0;
  for (let i = 0; i < pixels; i++) {
    let first = 0;
    let second = 0;
    for (const picture of pictures) {
      const value = picture[i] ?? 0;
      first += value;
      second += value * value;
    }
    sum += second / pictures.length - (first / pictures.length) ** 2;
  }
  return sum;
}
