import { pathToFileURL } from 'node:url';
import type { DatasetSpec } from '@trawl/spec';
import type { VideoDataset } from '@trawl/datasets';
import type { TrainerSettings } from '../config.js';
import type { Trainer } from '@trawl/models';
import type { Backend, Checkpoint, RandomStreams } from '@trawl/nn';

/** What training takes from other packages, each loaded when it is first needed. */
export interface Equipment {
  openBackend(settings: Pick<TrainerSettings, 'backend' | 'threads' | 'device' | 'cacheHome'>): Promise<Backend>;
  /** Has the open backend make one small step. */
  warmUp(): Promise<void>;
  /** How many tensors live now. */
  liveTensors(backend: Backend): number;
  openDataset(
    spec: DatasetSpec,
    place: { roots: readonly string[]; expectedHash: string; file?: string | undefined },
  ): Promise<VideoDataset>;
  trainerFor(model: string): Promise<Trainer>;
  randomStreams(seed: number): Promise<RandomStreams>;
  readCheckpoint(path: string): Promise<Checkpoint>;
  /** Whole and on disk when it resolves, or not there. */
  writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void>;
}

const ordinary: Equipment = {
  openBackend: async ({ backend: choice, threads, device, cacheHome }) => {
    const [{ openBackend }, { nativeDirectory }] = await Promise.all([import('@trawl/nn'), import('@trawl/nn/native')]);
    const backend = await openBackend(choice, { threads, cacheDir: nativeDirectory(cacheHome ?? undefined) });
    // By itself it takes the first that nvidia-smi lists, which lists those of other slots too.
    const known = device !== null && backend.info.device.startsWith('gpu');
    return known ? { ...backend, info: { ...backend.info, device } } : backend;
  },
  warmUp: async () => void (await import('@trawl/nn')).warmUp(),
  liveTensors: ({ tf }) => tf.memory().numTensors,
  openDataset: async (spec, place) => (await import('@trawl/datasets/open')).openDataset(spec, place),
  trainerFor: async (model) => (await import('@trawl/models/trainers')).trainerFor(model),
  randomStreams: async (seed) => (await import('@trawl/nn')).randomStreams(seed),
  readCheckpoint: async (path) => (await import('@trawl/nn')).readCheckpoint(path),
  writeCheckpoint: async (path, checkpoint) => (await import('@trawl/nn')).writeCheckpoint(path, checkpoint),
};

/**
 * @param module for tests: a module that exports `trainer` (a Trainer), which then stands for every model, and may
 *   export an `equipment` that replaces parts of the ordinary one
 */
export async function loadEquipment(module: string | null): Promise<Equipment> {
  if (module === null) return ordinary;
  const loaded: { trainer: Trainer; equipment?: Partial<Equipment> } = await import(pathToFileURL(module).href);
  return { ...ordinary, trainerFor: async () => loaded.trainer, ...loaded.equipment };
}
