import * as tf from '@tensorflow/tfjs-core';
import type { Trial } from '@trawl/datasets';
import type { FrameShape } from './network.js';

/** Frames of a trial that make one forward pass. */
export interface Chunk {
  trial: Trial;
  start: number;
  end: number;
}

/** The trial in pieces of `size` frames; the last may be shorter. */
export function chunksOf(trial: Trial, size: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = 0; start < trial.nFrames; start += size) {
    chunks.push({ trial, start, end: Math.min(start + size, trial.nFrames) });
  }
  return chunks;
}

/** Rows of a [frames, labels] array that belong to the chunk. */
export const rowsOf = (chunk: Chunk, values: Float32Array, width: number): Float32Array =>
  values.subarray(chunk.start * width, chunk.end * width);

// Measured on wasm and native CPU: filling float32 on the host costs less than uploading int32 and dividing there.
const INTENSITY = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** Frames as [n, height, width, channels] float32 in 0..1. */
export function framesOf(chunk: Chunk, { height, width, channels }: FrameShape): tf.Tensor4D {
  const size = height * width * channels;
  const bytes = chunk.trial.frames.subarray(chunk.start * size, chunk.end * size);
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i += 1) values[i] = INTENSITY[bytes[i] ?? 0] ?? 0;
  return tf.tensor4d(values, [chunk.end - chunk.start, height, width, channels]);
}

/** Frame masks of 0 and 1, shaped as the frames; null where the data has none. */
export function frameMasksOf(chunk: Chunk, { height, width, channels }: FrameShape): tf.Tensor4D | null {
  const { frameMasks } = chunk.trial;
  if (!frameMasks) return null;
  const size = height * width * channels;
  const values = Float32Array.from(frameMasks.subarray(chunk.start * size, chunk.end * size));
  return tf.tensor4d(values, [chunk.end - chunk.start, height, width, channels]);
}
