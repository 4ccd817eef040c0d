import { DatasetSchema, type StartMessage } from '@trawl/spec';
import { InvalidData } from '@trawl/models';
import type { Checkpoint } from '@trawl/nn';
import { z } from 'zod';
import { isOutOfMemory } from '../outOfMemory.js';
import type { Channel } from './channel.js';
import { type OpenContext, openContext } from './context.js';
import type { Equipment } from './equipment.js';
import { classifyError } from './failure.js';
import type { Done } from './fitness.js';
import { openPhases, wallClock } from './phases.js';
import { openWitness } from './witness.js';
import type { Workshop } from './workshop.js';

/** Trains one run from start to end, says what became of it, and tells what it left behind. Never rejects. */
export async function trainRun(
  start: StartMessage,
  trainerLog: string | null,
  openedWorkshop: () => Promise<Workshop>,
  line: Channel,
  signal: AbortSignal,
): Promise<Done> {
  const witness = openWitness(trainerLog, start);
  let over = false;
  // What a model says after its end would be taken for words of the next run.
  const channel: Channel = { ...line, post: (message) => (over ? undefined : line.post(message)) };
  const phases = openPhases(start.traceparent, (message) => channel.post(message));
  let opened: OpenContext<unknown> | undefined;
  const end = (how: string): void => witness({ event: 'end', ...(opened?.at() ?? { epoch: 0, step: 0 }), how });
  let left = none;
  let done: Done = { well: false, leaked: 0 };
  try {
    witness({ event: 'start', epoch: 0, step: 0 });
    phases.next('open backend');
    const { equipment, backend } = await openedWorkshop();
    channel.post({ type: 'ready', info: backend.info });
    phases.next('load data');
    const trainer = await equipment.trainerFor(start.model);
    if (trainer.card.version !== start.modelVersion) {
      throw new InvalidData(
        `the run is of model ${start.model} version ${start.modelVersion}, and this worker has version ${trainer.card.version}: what they train does not compare. If trawl was upgraded since it was submitted, submit the sweep anew; if this worker is of an older trawl than the api, upgrade the worker and retry the run`,
      );
    }
    const before = equipment.liveTensors(backend);
    left = () => equipment.liveTensors(backend) - before;
    const { resume, weights, files } = await readFiles(start, equipment);
    const materials = {
      params: z.record(z.string(), z.json()).parse(start.params),
      seed: start.seed,
      dataset: await openDataset(start, equipment),
      backend,
      streams: await equipment.randomStreams(start.seed),
      resume,
      weights,
      files,
      signal,
    };
    const { workDir, checkpointSeconds } = start;
    const open = openContext(materials, { channel, witness, equipment, workDir, checkpointSeconds });
    opened = open;
    phases.next('train');
    const summary = await trainer.train(open.context);
    // What comes after the last step is for the summary.
    phases.next('evaluate', open.steppedAt() ?? wallClock());
    phases.end();
    open.flush();
    done = { well: true, leaked: left() };
    channel.post({ type: 'succeeded', summary });
    end('succeeded');
  } catch (error) {
    opened?.flush();
    phases.end();
    if (signal.aborted && error instanceof Error && error.name === 'Stopped') {
      done = { well: true, leaked: left() };
      channel.post({ type: 'stopped' });
      end('stopped');
    } else if (error instanceof Unreadable) {
      channel.post({ type: 'unreadable', message: error.message });
      end('unreadable');
    } else {
      const failure = classifyError(error);
      channel.post({ type: 'failed', ...failure });
      end(failure.failure);
    }
  }
  over = true;
  await channel.drained();
  return done;
}

const none = (): number => 0;

/** The checkpoint to resume from cannot be read. */
class Unreadable extends Error {}

async function readFiles({ checkpoint, weights, files }: StartMessage, equipment: Equipment) {
  const read = async (path: string | null, unfit: (message: string) => Error) => {
    try {
      return path === null ? null : await equipment.readCheckpoint(path);
    } catch (error) {
      if (isOutOfMemory(String(error))) throw error;
      throw unfit(error instanceof Error ? error.message : String(error));
    }
  };
  const named = new Map<string, Checkpoint>();
  for (const [sha256, path] of Object.entries(files)) {
    const content = await read(path, (message) => new InvalidData(`weights sha256:${sha256}: ${message}`));
    if (content) named.set(sha256, content);
  }
  return {
    files: named,
    resume: await read(checkpoint, (message) => new Unreadable(message)),
    weights: await read(weights, (message) => new InvalidData(`weights to start from: ${message}`)),
  };
}

/** The dataset that the sweep was checked with, not merely one of the same name. */
async function openDataset({ dataset, dataRoots, datasetHash, datasetFiles }: StartMessage, equipment: Equipment) {
  const place = { roots: dataRoots, expectedHash: datasetHash, files: datasetFiles };
  try {
    return await equipment.openDataset(DatasetSchema.parse(dataset), place);
  } catch (error) {
    if (isOutOfMemory(String(error))) throw error;
    throw new InvalidData(error instanceof Error ? error.message : String(error));
  }
}
