import type { Evaluation } from '../data/evaluation.js';
import { f4, i4, u1 } from './arrays.js';
import { wobble } from './wobble.js';

export interface Sizes {
  labels?: number;
  unsupervised?: number;
  base?: number;
  steps?: number;
  height?: number;
  width?: number;
  channels?: number;
  trials?: number;
  framesPerTrial?: number;
  /** One labelled frame in so many. */
  labelledEvery?: number;
  /** Before every name. */
  prefix?: string;
  nan?: boolean;
}

/** A run's evaluation as a model with a blob that moves would leave it. */
export function evaluationOf(sizes: Sizes = {}): Evaluation {
  const { labels = 8, unsupervised = 2, base = 4, steps = 9, height = 48, width = 64, channels = 1 } = sizes;
  const { trials = 8, framesPerTrial = 32, labelledEvery = 1, prefix = '', nan = false } = sizes;
  const latents = labels + unsupervised;
  const frames = trials * framesPerTrial;
  const blob = (x: number, y: number, at: number): number => {
    const pixel = Math.floor(at / channels);
    const distance = ((pixel % width) / width - x) ** 2 + (Math.floor(pixel / width) / height - y) ** 2;
    return 30 + 200 * Math.exp(-distance * 40) * (at % channels === 0 ? 1 : 0.6);
  };
  const pixels = height * width * channels;
  return {
    correlation: f4([unsupervised, unsupervised], (i) => {
      const [a, b] = [Math.floor(i / unsupervised), i % unsupervised];
      if (nan) return Number.NaN;
      return a === b ? 1 : 1.4 * wobble(Math.min(a, b) * 31 + Math.max(a, b)) - 0.7;
    }),
    labels_true: f4([frames, labels], (i) => (nan ? 0 : Math.sin(i / labels / 9 + (i % labels)))),
    labels_predicted: f4([frames, labels], (i) =>
      nan ? Number.NaN : 0.9 * Math.sin(i / labels / 9 + (i % labels)) + 0.3 * wobble(i) - 0.15,
    ),
    labels_mask: u1([frames, labels], (i) =>
      Math.floor(i / Math.max(1, labels)) % labelledEvery === 0 && !nan ? 1 : 0,
    ),
    frame_trial: i4([frames], (i) => 3 * Math.floor(i / framesPerTrial)),
    frame_split: u1([frames], (i) => (i < frames / 2 ? 1 : 2)),
    base_frame_at: i4([base, 2], (i) => (i % 2 === 0 ? 3 * i : 11)),
    base_frames: u1([base, height, width, channels], (i) => blob(0.3 + 0.1 * Math.floor(i / pixels), 0.5, i % pixels)),
    traversal_values: f4([latents, steps], (i) => -1 + (2 * (i % steps)) / (steps - 1)),
    traversal_frames: u1([base, latents, steps, height, width, channels], (i) => {
      const frame = Math.floor(i / pixels);
      const step = (frame % steps) / (steps - 1) - 0.5;
      const latent = Math.floor(frame / steps) % latents;
      const angle = (latent / latents) * Math.PI;
      return blob(0.5 + 0.4 * step * Math.cos(angle), 0.5 + 0.4 * step * Math.sin(angle), i % pixels);
    }),
    names: {
      labels: Array.from({ length: labels }, (_, i) => `${prefix}label ${i + 1}`),
      latents: Array.from({ length: latents }, (_, i) =>
        i < labels ? `${prefix}label ${i + 1}` : `${prefix}latent ${i - labels + 1}`,
      ),
      supervised: labels,
      unsupervised,
      background: 0,
    },
  };
}
