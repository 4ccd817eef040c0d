/*
 * Opens the backend as a trainer does, on a GPU also makes one small step, so that CUDA compiles before there is a
 * run, and says to its parent what opened or why nothing did. See supervisor/tryBackend.ts.
 */
import { TrainerSettings } from '../config.js';
import { loadEquipment } from './equipment.js';
import { watchParent } from './orphanWatch.js';

// As in main.ts.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(1));

const settings = TrainerSettings.parse(JSON.parse(process.argv[2] ?? 'null'));
watchParent(settings.supervisorPid);

async function tryIt(): Promise<object> {
  try {
    const equipment = await loadEquipment(settings.trainerModule);
    const { info } = await equipment.openBackend(settings);
    if (process.argv[3] === 'gpu') await equipment.warmUp();
    return { device: info.device, fault: null };
  } catch (error) {
    return { device: null, fault: error instanceof Error ? error.message : String(error) };
  }
}

process.send?.(await tryIt(), () => process.exit(0));
