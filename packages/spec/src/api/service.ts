import { z } from 'zod';
import { SPLITS } from '../metrics.js';
import { count, time } from './common.js';

export const ModelView = z.object({
  name: z.string(),
  version: z.string(),
  title: z.string(),
  description: z.string(),
  datasets: z.array(z.string()),
  defaultSelection: z.object({ metric: z.string(), direction: z.enum(['min', 'max']) }),
});
export const ModelDetail = ModelView.extend({
  /** JSON Schema (2020-12) of the parameters. */
  params: z.json(),
  metrics: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      unit: z.string(),
      splits: z.array(z.enum(SPLITS)),
      direction: z.enum(['min', 'max']).nullable(),
      perEpoch: z.boolean(),
      summary: z.boolean(),
      contains: z.array(z.string()),
    }),
  ),
});
export type ModelView = z.infer<typeof ModelView>;
export type ModelDetail = z.infer<typeof ModelDetail>;

/** What an event of the stream carries; `run` has runId and state, `stage` has stageId, name and state, `sweep` has state. */
export const EventData = z.looseObject({ at: time, sweepId: z.string() });
export const EVENT_TYPES = ['run', 'stage', 'sweep'] as const;

/** One event, as a client sees it. */
export interface EventView {
  /** Its place: within its sweep, or among those of all sweeps. */
  id: number;
  type: (typeof EVENT_TYPES)[number];
  data: z.output<typeof EventData>;
}

export const WorkerView = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  slots: count,
  capability: z.enum(['cpu', 'gpu']),
  devices: z.array(z.string()),
  version: z.string(),
  startedAt: time,
  heartbeatAt: time,
  alive: z.boolean(),
  runs: z.array(
    z.object({ runId: z.string(), sweepId: z.string(), epoch: count.nullable(), epochs: count.nullable() }),
  ),
});
export type WorkerView = z.infer<typeof WorkerView>;
