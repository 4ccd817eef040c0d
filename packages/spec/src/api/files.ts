import { z } from 'zod';
import { DATASET_KINDS, type DatasetFacts } from '../dataset.js';
import { count, time } from './common.js';

export const ArtifactView = z.object({
  id: z.string(),
  runId: z.string().nullable(),
  name: z.string(),
  kind: z.enum(['checkpoint', 'weights', 'latents', 'figure', 'movie', 'log', 'table', 'other']),
  mediaType: z.string(),
  size: count,
  sha256: z.string(),
  epoch: z.int().nullable(),
  step: z.int().nullable(),
  createdAt: time,
});
export type ArtifactView = z.infer<typeof ArtifactView>;

/** Files that nobody needs any more: what was freed, or with `dryRun` would be. */
export const GcReport = z.object({
  dryRun: z.boolean(),
  files: count,
  bytes: count,
  groups: z.array(
    z.object({
      /** `unreferenced`: no artifact names the file. `unfinished`: an upload that was cut off. */
      kind: z.enum([...ArtifactView.shape.kind.options, 'unreferenced', 'unfinished']),
      /** null for files of no run. */
      sweepId: z.string().nullable(),
      sweepName: z.string().nullable(),
      files: count,
      bytes: count,
    }),
  ),
  /** Too young to go yet: an upload may be about to name them. */
  waiting: z.object({ files: count, bytes: count, graceSeconds: z.number() }),
});
export type GcReport = z.infer<typeof GcReport>;

/** Data that the service knows: uploaded, a file below a data root that a sweep has named, or rendered. */
export const DatasetView = z.object({
  /** The sha256 itself: what is the same is one dataset. */
  id: z.string(),
  sha256: z.string(),
  /** As given with the upload. */
  name: z.string().nullable(),
  kind: z.enum(DATASET_KINDS),
  /** Bytes; 0 where it is rendered. */
  size: count,
  uploaded: z.boolean(),
  /** Below a data root, where a sweep found it last. */
  path: z.string().nullable(),
  trials: count,
  /** Of all trials together. */
  frames: count,
  height: count,
  width: count,
  channels: count,
  labels: count,
  createdAt: time,
});
export type DatasetView = z.infer<typeof DatasetView>;

export const DatasetDetail = DatasetView.extend({
  facts: z.object({
    kind: z.enum(DATASET_KINDS),
    hash: z.string(),
    size: count,
    trials: count,
    /** Of each trial. */
    frames: z.array(count),
    height: count,
    width: count,
    channels: count,
    labels: count,
    labelMasks: z.boolean(),
    frameMasks: z.boolean(),
  }) satisfies z.ZodType<DatasetFacts>,
});
export type DatasetDetail = z.infer<typeof DatasetDetail>;
