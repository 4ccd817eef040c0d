import * as tf from '@tensorflow/tfjs-core';
import type { VideoDataset } from '@trawl/datasets';
import type { Images } from './network.js';
import { imagesOf } from './network.js';

/** One image of the data. */
export interface Frame {
  trial: number;
  frame: number;
}

/** All frames of some trials. */
export function framesOf({ trials }: VideoDataset, indices: readonly number[]): Frame[] {
  return indices.flatMap((trial) =>
    Array.from({ length: trials[trial]?.nFrames ?? 0 }, (_, frame) => ({ trial, frame })),
  );
}

/** The images of a batch, 0..1. */
export function batchOf({ trials, facts }: VideoDataset, frames: readonly Frame[]): Images {
  const { height, width, channels } = facts;
  const size = height * width * channels;
  const values = new Float32Array(frames.length * size);
  frames.forEach(({ trial, frame }, i) => {
    const bytes = trials[trial]?.frames.subarray(frame * size, (frame + 1) * size) ?? new Uint8Array(0);
    for (let at = 0; at < size; at += 1) values[i * size + at] = (bytes[at] ?? 0) / 255;
  });
  return imagesOf(tf.tensor4d(values, [frames.length, height, width, channels]));
}
