import type { Backend } from '@trawl/nn';
import type { TrainerSettings } from '../config.js';
import { type Equipment, loadEquipment } from './equipment.js';

/** What a trainer process opens once, for its first run, and has for all. */
export interface Workshop {
  equipment: Equipment;
  backend: Backend;
}

/** @returns a function that opens it at the first call. */
export function openWorkshop(settings: TrainerSettings): () => Promise<Workshop> {
  let opened: Promise<Workshop> | undefined;
  const open = async (): Promise<Workshop> => {
    const equipment = await loadEquipment(settings.trainerModule);
    return { equipment, backend: await equipment.openBackend(settings) };
  };
  return () => (opened ??= open());
}
