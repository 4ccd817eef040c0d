import { z } from 'zod';
import type { Split } from './metrics.js';

/** How a spec names an uploaded file: by its content. */
const UPLOAD = 'sha256:';

const path = z
  .string()
  .min(1)
  .max(500)
  .refine((given) => !given.startsWith(UPLOAD) || uploadedHash(given) !== null, {
    error: 'is no sha256',
    params: { allowed: 'sha256: and 64 lower-case hex digits, as an upload answers' },
  })
  .meta({
    description: 'Of the file, relative to a data root of the service; or sha256:HEX of an uploaded one',
    legal: 'a relative path, or sha256: and 64 hex digits',
  });

/** An uploaded file, by the sha256 of its content. */
export const UploadSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, { error: 'is no sha256' })
  .meta({ legal: 'sha256: and 64 lower-case hex digits, as an upload answers' });

/** The sha256 of the uploaded file that a path names; null where it names one below a data root. */
export function uploadedHash(given: string): string | null {
  return /^sha256:([0-9a-f]{64})$/.exec(given)?.[1] ?? null;
}

export const Hdf5DatasetSchema = z.strictObject({
  kind: z
    .literal('hdf5')
    .meta({ description: "BehaveNet's HDF5 layout: groups images, labels, labels_masks, masks of trial_%04i" }),
  path,
});

const seedOf = (description: string) =>
  z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .meta({ description });

const generatorSeed = (what: 'pictures' | 'video') =>
  seedOf(`Of the generator: the same keys and seed draw the same ${what} on every machine`);

/** Rendered video of a mouse seen from above; each moving part follows its own smooth process. */
export const BehaviourDatasetSchema = z.strictObject({
  kind: z.literal('behaviour').meta({ description: 'Rendered video of a mouse; every factor that moves is known' }),
  trials: z.int().min(3).max(10_000).default(24).meta({ description: 'How many stretches of video' }),
  frames: z.int().min(2).max(10_000).default(32).meta({ description: 'Frames of each trial' }),
  height: z.int().min(16).max(256).default(32).meta({ description: 'Of a frame, pixels' }),
  width: z.int().min(16).max(256).default(32).meta({ description: 'Of a frame, pixels' }),
  labels: z
    .int()
    .min(1)
    .max(4)
    .default(2)
    .meta({ description: "Labelled coordinates of the two paws, x's first: x1, x1 y1, x1 x2 y1, or x1 x2 y1 y2" }),
  factors: z
    .array(z.enum(['posture', 'whisking', 'lighting']))
    .min(1)
    .max(3)
    .refine((factors) => new Set(factors).size === factors.length, {
      error: 'names a factor twice',
      params: { allowed: 'factors that all differ' },
    })
    .default(['posture', 'lighting'])
    .meta({
      description:
        'Unlabelled factors that move: posture bends the body, whisking swings the whiskers, lighting is a lamp',
      uniqueItems: true,
    }),
  strength: z
    .number()
    .min(0)
    .max(10)
    .default(1)
    .meta({ description: 'How far the unlabelled factors go: 0 not at all, 1 as usual, larger approaches a limit' }),
  noise: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.02)
    .meta({ description: 'Standard deviation of pixel noise, intensity 0..1' }),
  masked: z
    .number()
    .min(0)
    .max(0.95)
    .default(0)
    .meta({ description: 'Share of the frames of each trial whose labels are masked' }),
  seed: generatorSeed('video'),
  look: z
    .int()
    .min(1)
    .max(16)
    .nullable()
    .default(null)
    .meta({ description: 'Of the floor, one of 16, as sessions differ in theirs; null: a plain floor' }),
});

const pictures = (what: string) =>
  z
    .int()
    .min(1)
    .max(1_000_000)
    .meta({ description: `Pictures ${what}` });

/** The pictures that DLP is published on: a few shapes that do not overlap, on cyan. */
export const ShapesDatasetSchema = z.strictObject({
  kind: z.literal('shapes').meta({
    description: "Pictures of 2 to 5 rectangles, circles, triangles and ellipses: DLP's own generator, positions known",
  }),
  train: pictures('to train on').default(40_000),
  val: pictures('to validate on').default(2_000),
  test: pictures('held out').default(2_000),
  size: z
    .int()
    .min(32)
    .max(256)
    .default(64)
    .meta({ description: 'Height and width, pixels; shapes keep their 9 to 13 pixels' }),
  seed: generatorSeed('pictures'),
});

/** Recorded on different days, of different animals: their labels are the same, what else the frames show is not. */
export const SessionsDatasetSchema = z.strictObject({
  kind: z.literal('sessions').meta({ description: 'Several sessions, for a model that tells them apart (msps-vae)' }),
  sessions: z
    .array(z.discriminatedUnion('kind', [Hdf5DatasetSchema, BehaviourDatasetSchema]))
    .min(2)
    .max(64)
    .refine((sessions) => new Set(sessions.map((session) => JSON.stringify(session))).size === sessions.length, {
      error: 'names a session twice',
      params: { allowed: 'sessions that all differ' },
    })
    .meta({
      description: 'Datasets of one frame size and with the same labels in the same order',
      legal: 'a list of at least 2 datasets, as [{ kind: hdf5, path: a.hdf5 }, { kind: hdf5, path: b.hdf5 }]',
    }),
});

const clips = (what: string) =>
  z
    .int()
    .min(1)
    .max(10_000)
    .meta({ description: `Clips ${what}` });

/** Video of balls that bounce off each other and the walls. */
export const BallsDatasetSchema = z.strictObject({
  kind: z
    .literal('balls')
    .meta({ description: 'Video of bouncing balls, each of a colour of its own, positions known' }),
  train: clips('to train on').default(200),
  val: clips('to validate on').default(20),
  test: clips('held out').default(20),
  frames: z.int().min(2).max(10_000).default(30).meta({ description: 'Frames of each clip' }),
  balls: z.int().min(1).max(6).default(3).meta({ description: 'Balls in each clip' }),
  size: z.int().min(32).max(256).default(64).meta({ description: 'Height and width, pixels; a ball has 11' }),
  seed: generatorSeed('video'),
});

const mostVideos = (what: string) =>
  z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .meta({ description: `At most so many videos ${what}, the first of the split; null: all` });

/** Video or pictures in folders of PNG and JPEG files, among them the published sets of DLP. */
export const FramesDatasetSchema = z.strictObject({
  kind: z
    .literal('frames')
    .meta({ description: 'Folders of PNG or JPEG frames, and the sets that DDLP is published on' }),
  path: z
    .string()
    .min(1)
    .max(500)
    .refine((given) => !given.startsWith(UPLOAD), {
      error: 'a folder cannot be uploaded',
      params: { allowed: 'a path relative to a data root of the service, on a disk that the workers have too' },
    })
    .meta({
      description: 'Of the folder (of traffic, the .npy file), relative to a data root of the service',
      legal: 'a relative path',
    }),
  layout: z
    .enum(['folder', 'obj3d', 'clevrer', 'phyre', 'traffic'])
    .default('folder')
    .meta({ description: 'How the folder is laid out: folder is any, the others as DDLP has them (docs/data.md)' }),
  size: z
    .int()
    .min(8)
    .max(512)
    .nullable()
    .default(null)
    .meta({ description: 'Frames are resized to so many pixels in height and width; null: as they are' }),
  clip: z
    .int()
    .min(1)
    .max(10_000)
    .nullable()
    .default(null)
    .meta({ description: 'Videos are cut into clips of so many consecutive frames, the rest left out; null: whole' }),
  train: mostVideos('to train on'),
  val: mostVideos('to validate on'),
  test: mostVideos('held out'),
  shares: z
    .tuple([z.int().min(1).max(1000), z.int().min(1).max(1000), z.int().min(0).max(1000)])
    .default([8, 1, 1])
    .meta({
      description: 'Parts that training, validation and test get of videos that lie in no split folders',
      legal: 'three whole numbers, as [8, 1, 1]; the last may be 0',
    }),
  seed: seedOf('Of that split'),
});

export const DatasetSchema = z.discriminatedUnion('kind', [
  Hdf5DatasetSchema,
  BehaviourDatasetSchema,
  ShapesDatasetSchema,
  BallsDatasetSchema,
  FramesDatasetSchema,
  SessionsDatasetSchema,
]);
export type DatasetSpec = z.output<typeof DatasetSchema>;
export const DATASET_KINDS = [
  'hdf5',
  'behaviour',
  'shapes',
  'balls',
  'frames',
  'sessions',
] as const satisfies readonly DatasetSpec['kind'][];
export type DatasetKind = DatasetSpec['kind'];

/** What can be said of a dataset before training on it. Frames are height x width x channels. */
export interface DatasetFacts {
  kind: DatasetKind;
  /** sha256 of the file; of generated data and of folders, of canonical parameters, version and content. */
  hash: string;
  /** Bytes on disk; 0 for generated data. */
  size: number;
  trials: number;
  /** Frames of each trial. */
  frames: number[];
  height: number;
  width: number;
  channels: number;
  /** 0 where the data has none. */
  labels: number;
  labelMasks: boolean;
  frameMasks: boolean;
  /** Trials of each split, where the data brings its own; else a model's parameters make one. */
  splits?: Record<Split, number[]>;
  /** Of several sessions: how many of the trials, in order, belong to each. */
  sessions?: number[];
}
