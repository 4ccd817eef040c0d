import { z } from 'zod';
import { DatasetSchema } from '../dataset.js';
import { BackendInfo } from '../messages.js';
import { FAILURE_CLASSES, RUN_STATES } from '../states.js';
import { WireNumber } from '../values.js';
import { count, params, time } from './common.js';

export const RunView = z.object({
  id: z.string(),
  sweepId: z.string(),
  /** Names of the stages it belongs to. */
  stages: z.array(z.string()),
  cellId: z.string(),
  point: params,
  seed: z.int(),
  state: z.enum(RUN_STATES),
  /** Held back by a person until it is resumed. */
  paused: z.boolean().optional(),
  fence: z.int(),
  failures: count,
  failureClass: z.enum(FAILURE_CLASSES).nullable(),
  failureMessage: z.string().nullable(),
  epoch: count.nullable(),
  epochs: count.nullable(),
  step: count.nullable(),
  worker: z.string().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type RunView = z.infer<typeof RunView>;

export const RunDetail = RunView.extend({
  model: z.string(),
  modelVersion: z.string(),
  params,
  dataset: DatasetSchema,
  datasetHash: z.string(),
  summary: z.record(z.string(), WireNumber),
});
export type RunDetail = z.infer<typeof RunDetail>;

export const AttemptView = z.object({
  fence: z.int(),
  worker: z.string(),
  backend: BackendInfo.nullable(),
  startedAt: time,
  endedAt: time.nullable(),
  end: z.string().nullable(),
  message: z.string().nullable(),
});
export type AttemptView = z.infer<typeof AttemptView>;

export const Curve = z.object({
  name: z.string(),
  epochs: z.array(z.int()),
  steps: z.array(z.int()),
  values: z.array(WireNumber),
});
export type Curve = z.infer<typeof Curve>;
export const MetricsBody = z.object({ runId: z.string(), curves: z.array(Curve) });
export type MetricsBody = z.infer<typeof MetricsBody>;

export const LogLine = z.object({ time, fence: z.int(), level: z.string(), message: z.string() });
export const LogsBody = z.object({ runId: z.string(), lines: z.array(LogLine) });
export type LogsBody = z.infer<typeof LogsBody>;
