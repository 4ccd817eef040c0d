import type { VideoDataset } from '@trawl/datasets';
import type { Backend } from '@trawl/nn';
import type { TrainerSettings } from '../config.js';
import { type Equipment, loadEquipment } from './equipment.js';

/** What a trainer process opens once, for its first run, and has for all. */
export interface Workshop {
  equipment: Equipment;
  backend: Backend;
}

type OpenDataset = Equipment['openDataset'];

/**
 * Remembers the dataset that was rendered last: the next run of a process is mostly of the same, which nobody writes
 * to. Files are read anew, since they may have changed.
 */
export function rememberRendered(open: OpenDataset): OpenDataset {
  let last: { what: string; dataset: VideoDataset } | null = null;
  return async (spec, place) => {
    if (spec.kind === 'hdf5' || spec.kind === 'sessions') return open(spec, place);
    const what = JSON.stringify([spec, place.expectedHash]);
    if (last?.what !== what) {
      last = null;
      last = { what, dataset: await open(spec, place) };
    }
    return last.dataset;
  };
}

/** @returns a function that opens it at the first call. */
export function openWorkshop(settings: TrainerSettings): () => Promise<Workshop> {
  let opened: Promise<Workshop> | undefined;
  const open = async (): Promise<Workshop> => {
    const loaded = await loadEquipment(settings.trainerModule);
    const equipment = { ...loaded, openDataset: rememberRendered((spec, place) => loaded.openDataset(spec, place)) };
    return { equipment, backend: await equipment.openBackend(settings) };
  };
  return () => (opened ??= open());
}
