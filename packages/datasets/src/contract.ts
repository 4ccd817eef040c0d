import type { DatasetFacts } from '@trawl/spec';

/** How many of `Trial.factors` say where one object is. */
export const OBJECT_FACTORS = 3;

/** One trial of video, decoded once and kept as bytes: a trainer converts a batch at a time. */
export interface Trial {
  nFrames: number;
  /** [nFrames, height, width, channels], 0..255. */
  frames: Uint8Array;
  /** [nFrames, labels], z-scored, 0 where masked; null without labels. */
  labels: Float32Array | null;
  /** [nFrames, labels], 1 = labelled; null when every entry is. */
  labelMasks: Float32Array | null;
  /** [nFrames, height, width, channels], 1 = counts; null when every pixel does. */
  frameMasks: Uint8Array | null;
  /**
   * [nFrames, factors]: the generator's hidden truth; null for real data. For generated objects OBJECT_FACTORS numbers each:
   * row and column of its middle in -1..1, and 1; all 0 where there is no such object.
   */
  factors: Float32Array | null;
}

export interface VideoDataset {
  facts: DatasetFacts;
  /** In order of their number in the file. */
  trials: Trial[];
}

/** Trial indices of each split. */
export interface Splits {
  train: number[];
  val: number[];
  test: number[];
}
