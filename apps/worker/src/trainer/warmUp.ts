// Makes one small step on the backend, so that CUDA compiles before there is a run. See supervisor/warmUp.ts.
import { openBackend, warmUp } from '@trawl/nn';
import { nativeDirectory } from '@trawl/nn/native';
import { TrainerSettings } from '../config.js';
import { watchParent } from './orphanWatch.js';

const settings = TrainerSettings.parse(JSON.parse(process.argv[2] ?? 'null'));
watchParent(settings.supervisorPid);
await openBackend(settings.backend, {
  threads: settings.threads,
  cacheDir: nativeDirectory(settings.cacheHome ?? undefined),
});
warmUp();
process.exit(0);
