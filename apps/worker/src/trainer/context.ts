import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { TrainContext } from '@trawl/models';
import type { MetricPoint } from '@trawl/spec';
import type { Channel } from './channel.js';
import type { Equipment } from './equipment.js';
import { fingerprint, writeWhole } from './files.js';
import { wallClock } from './phases.js';
import type { Witness } from './witness.js';

/** A message costs more than a point. */
const BATCH_POINTS = 500;
const BATCH_MS = 250;
/** Signs of life. */
const PROGRESS_MS = 250;

type Said = Pick<TrainContext, 'report' | 'progress' | 'checkpointDue' | 'checkpoint' | 'artifact' | 'log' | 'breathe'>;

export interface OpenContext<M> {
  context: M & Said;
  /** Sends what is still held back. */
  flush: () => void;
  /** When the last step was done: milliseconds since 1970, null before the first. */
  steppedAt: () => number | null;
  /** Where training stands. */
  at: () => { epoch: number; step: number };
}

/** What a model trains with: `materials`, and ways to say what comes of it, which goes to `channel` in order. */
export function openContext<M>(
  materials: M,
  {
    channel,
    witness,
    equipment,
    workDir,
    checkpointSeconds,
  }: {
    channel: Channel;
    witness: Witness;
    equipment: Pick<Equipment, 'writeCheckpoint'>;
    workDir: string;
    checkpointSeconds: number;
  },
): OpenContext<M> {
  let points: MetricPoint[] = [];
  let sentPointsAt = performance.now();
  let progress = { epoch: 0, epochs: 0, step: 0, steps: 0 };
  let sentProgressAt = -Infinity;
  let steppedAt: number | null = null;
  let seenEpoch: number | null = null;
  let checkpointAt = performance.now();
  let files = 0;

  const flushPoints = (): void => {
    sentPointsAt = performance.now();
    if (points.length === 0) return;
    channel.post({ type: 'metrics', points });
    points = [];
  };
  const flushProgress = (): void => {
    sentProgressAt = performance.now();
    channel.post({ type: 'progress', ...progress });
  };
  const flushDue = (): void => {
    const now = performance.now();
    if (points.length >= BATCH_POINTS || (points.length > 0 && now - sentPointsAt >= BATCH_MS)) flushPoints();
    if (now - sentProgressAt >= PROGRESS_MS) flushProgress();
  };
  const reach = (epoch: number, step: number): void => {
    if (epoch === seenEpoch) return;
    seenEpoch = epoch;
    witness({ event: 'epoch', epoch, step });
  };

  const said: Said = {
    report({ epoch, step, split, metrics }) {
      for (const [name, value] of Object.entries(metrics)) points.push({ epoch, step, split, name, value });
      flushDue();
    },
    progress(at) {
      reach(at.epoch, at.step);
      if (at.step !== progress.step) steppedAt = wallClock();
      progress = { epoch: at.epoch, epochs: at.epochs, step: at.step, steps: at.steps };
      flushDue();
    },
    checkpointDue: () => performance.now() - checkpointAt >= checkpointSeconds * 1000,
    async checkpoint(state, { epoch, step }) {
      const path = join(workDir, `checkpoint-${step}-${files++}.safetensors`);
      await equipment.writeCheckpoint(path, state);
      const file = await fingerprint(path);
      flushPoints();
      witness({ event: 'checkpoint', epoch, step });
      channel.post({ type: 'checkpoint', epoch, step, ...file });
      checkpointAt = performance.now();
    },
    async artifact(name, content, mediaType) {
      const path = join(workDir, `artifact-${files++}`);
      await writeWhole(path, content);
      const file = await fingerprint(path);
      flushPoints();
      channel.post({ type: 'artifact', name, mediaType, ...file });
    },
    log: (level, message) => channel.post({ type: 'log', level, message }),
    async breathe() {
      flushDue();
      await channel.room();
      await setImmediate();
    },
  };

  return {
    context: { ...materials, ...said },
    flush() {
      flushPoints();
      flushProgress();
    },
    steppedAt: () => steppedAt,
    at: () => ({ epoch: progress.epoch, step: progress.step }),
  };
}
