import { z } from 'zod';
import { FAILURE_CLASSES } from './states.js';
import { SPLITS } from './metrics.js';

/*
 * Supervisor and trainer talk in these over IPC with structured clone (`serialization: 'advanced'`),
 * so NaN and infinities pass. A trainer's messages are handled one by one in order: metrics reported
 * before a checkpoint are stored before that checkpoint becomes visible.
 */

export const StartMessage = z.object({
  type: z.literal('start'),
  runId: z.string(),
  fence: z.int(),
  model: z.string(),
  modelVersion: z.string(),
  params: z.record(z.string(), z.unknown()),
  seed: z.int(),
  dataset: z.record(z.string(), z.unknown()),
  datasetHash: z.string(),
  /** A copy of the dataset's file on this disk, of the right hash; null: it is looked up below the roots. */
  datasetFiles: z.record(z.string(), z.string()),
  /** Folders under which a relative dataset path is looked up. */
  dataRoots: z.array(z.string()),
  /** An empty folder of this attempt's own: artifacts are written there. */
  workDir: z.string(),
  /** Checkpoint to resume from, already on this disk. */
  checkpoint: z.string().nullable(),
  /** Weights of another run to start from (`from`), already on this disk. */
  weights: z.string().nullable(),
  /** Files that params name, already on this disk, by sha256. */
  files: z.record(z.string(), z.string()),
  checkpointSeconds: z.number(),
  /** W3C trace context of which the trainer's spans are a part; null: it says none. */
  traceparent: z.string().nullable(),
});
export type StartMessage = z.infer<typeof StartMessage>;

export const StopMessage = z.object({
  type: z.literal('stop'),
  /** Stop at the next step boundary; all but cancelled and lost write a checkpoint first. */
  reason: z.enum(['paused', 'drained', 'cancelled', 'timeout']),
});
export type StopMessage = z.infer<typeof StopMessage>;

export const ToTrainer = z.discriminatedUnion('type', [StartMessage, StopMessage]);
export type ToTrainer = z.infer<typeof ToTrainer>;

export const BackendInfo = z.object({
  backend: z.enum(['tfjs-node-gpu', 'wasm', 'cpu']),
  /** As `cpu` or `gpu:0 NVIDIA H100`. */
  device: z.string(),
  threads: z.int(),
  versions: z.record(z.string(), z.string()),
  /** Whether the trainer process had trained another run before; added by the supervisor. */
  warm: z.boolean().optional(),
  /** From the order to train until the backend was open; added by the supervisor. */
  startSeconds: z.number().optional(),
});
export type BackendInfo = z.infer<typeof BackendInfo>;

const file = { path: z.string(), sha256: z.string(), size: z.int() };

export const FromTrainer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), info: BackendInfo }),
  z.object({ type: z.literal('progress'), epoch: z.int(), epochs: z.int(), step: z.int(), steps: z.int() }),
  z.object({
    type: z.literal('metrics'),
    points: z.array(
      z.object({
        epoch: z.int(),
        step: z.int(),
        split: z.enum(SPLITS),
        name: z.string(),
        value: z.custom<number>((v) => typeof v === 'number'),
      }),
    ),
  }),
  z.object({ type: z.literal('checkpoint'), epoch: z.int(), step: z.int(), ...file }),
  z.object({ type: z.literal('artifact'), name: z.string(), mediaType: z.string(), ...file }),
  z.object({
    type: z.literal('span'),
    name: z.string(),
    traceparent: z.string(),
    /** Milliseconds since 1970. */
    startedAt: z.number(),
    endedAt: z.number(),
  }),
  z.object({ type: z.literal('log'), level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string() }),
  z.object({
    type: z.literal('succeeded'),
    summary: z.record(
      z.string(),
      z.custom<number>((v) => typeof v === 'number'),
    ),
  }),
  z.object({ type: z.literal('failed'), failure: z.enum(FAILURE_CLASSES), message: z.string() }),
  /** After a stop: the checkpoint is written and sent. */
  z.object({ type: z.literal('stopped') }),
  /** The checkpoint to resume from cannot be read; nothing was done. */
  z.object({ type: z.literal('unreadable'), message: z.string() }),
  /** After a success, the last word of a run: the process is as good as new and takes another. */
  z.object({ type: z.literal('idle') }),
]);
export type FromTrainer = z.infer<typeof FromTrainer>;
