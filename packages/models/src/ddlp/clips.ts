import * as tf from '@tensorflow/tfjs-core';
import type { VideoDataset } from '@trawl/datasets';

/** Frames of a trial from one on. */
export interface Clip {
  trial: number;
  first: number;
}

/** Of some trials the stretches of `length` frames, one beginning `stride` frames after another. */
export function clipsOf({ trials }: VideoDataset, indices: readonly number[], length: number, stride: number): Clip[] {
  return indices.flatMap((trial) => {
    const room = (trials[trial]?.nFrames ?? 0) - length;
    return Array.from({ length: room < 0 ? 0 : Math.floor(room / stride) + 1 }, (_, i) => ({
      trial,
      first: i * stride,
    }));
  });
}

/** [clips, length, height, width, channels] in 0..1. */
export function videoOf({ trials, facts }: VideoDataset, clips: readonly Clip[], length: number): tf.Tensor5D {
  const { height, width, channels } = facts;
  const frame = height * width * channels;
  const size = length * frame;
  const values = new Float32Array(clips.length * size);
  clips.forEach(({ trial, first }, i) => {
    const bytes = trials[trial]?.frames.subarray(first * frame, first * frame + size) ?? new Uint8Array(0);
    for (let at = 0; at < size; at += 1) values[i * size + at] = (bytes[at] ?? 0) / 255;
  });
  return tf.tensor5d(values, [clips.length, length, height, width, channels]);
}
