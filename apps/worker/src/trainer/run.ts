import { DatasetSchema, type ToTrainer } from '@trawl/spec';
import { InvalidData } from '@trawl/models';
import { z } from 'zod';
import type { TrainerSettings } from '../config.js';
import { isOutOfMemory } from '../outOfMemory.js';
import type { Channel } from './channel.js';
import { type OpenContext, openContext } from './context.js';
import { type Equipment, loadEquipment } from './equipment.js';
import { classifyError } from './failure.js';
import { openWitness } from './witness.js';

export type Start = Extract<ToTrainer, { type: 'start' }>;

/** Trains one run from start to end and says what became of it. Never rejects. */
export async function trainRun(
  start: Start,
  settings: TrainerSettings,
  channel: Channel,
  signal: AbortSignal,
): Promise<void> {
  const witness = openWitness(settings.trainerLog, start);
  let opened: OpenContext<unknown> | undefined;
  const end = (how: string): void => witness({ event: 'end', ...(opened?.at() ?? { epoch: 0, step: 0 }), how });
  try {
    witness({ event: 'start', epoch: 0, step: 0 });
    const equipment = await loadEquipment(settings.trainerModule);
    const backend = await equipment.openBackend(settings);
    channel.post({ type: 'ready', info: backend.info });
    const trainer = await equipment.trainerFor(start.model);
    if (trainer.card.version !== start.modelVersion) {
      throw new Error(
        `${start.model}: this worker has version ${trainer.card.version}, the run wants ${start.modelVersion}`,
      );
    }
    const materials = {
      params: z.record(z.string(), z.json()).parse(start.params),
      seed: start.seed,
      dataset: await openDataset(start, equipment),
      backend,
      streams: await equipment.randomStreams(start.seed),
      resume: start.checkpoint === null ? null : await equipment.readCheckpoint(start.checkpoint),
      weights: start.weights === null ? null : await equipment.readCheckpoint(start.weights),
      signal,
    };
    const { workDir, checkpointSeconds } = start;
    const open = openContext(materials, { channel, witness, equipment, workDir, checkpointSeconds });
    opened = open;
    const summary = await trainer.train(open.context);
    open.flush();
    channel.post({ type: 'succeeded', summary });
    end('succeeded');
  } catch (error) {
    opened?.flush();
    if (signal.aborted && error instanceof Error && error.name === 'Stopped') {
      channel.post({ type: 'stopped' });
      end('stopped');
    } else {
      const failure = classifyError(error);
      channel.post({ type: 'failed', ...failure });
      end(failure.failure);
    }
  }
  await channel.drained();
}

/** The dataset that the sweep was checked with, not merely one of the same name. */
async function openDataset({ dataset, dataRoots, datasetHash }: Start, equipment: Equipment) {
  try {
    return await equipment.openDataset(DatasetSchema.parse(dataset), { roots: dataRoots, expectedHash: datasetHash });
  } catch (error) {
    if (isOutOfMemory(String(error))) throw error;
    throw new InvalidData(error instanceof Error ? error.message : String(error));
  }
}
