import type { ArtifactFiles, Store } from '@trawl/store';
import type { FastifyBaseLogger } from 'fastify';

export interface Janitor {
  /** Waits for a round that is under way. */
  close(): Promise<void>;
}

/** Collects garbage every so often. What a round cannot do, the next one does, here or in another api. */
export function startJanitor(options: {
  store: Store;
  files: ArtifactFiles;
  graceSeconds: number;
  /** 0: never. */
  everySeconds: number;
  log: FastifyBaseLogger;
}): Janitor {
  const { store, files, graceSeconds, everySeconds, log } = options;
  let round: Promise<void> | null = null;

  const collect = async (): Promise<void> => {
    try {
      const report = await store.artifacts.gc(files, { graceSeconds, dryRun: false });
      if (report !== null && report.files > 0) log.info({ files: report.files, bytes: report.bytes }, 'freed disk');
    } catch (error) {
      log.warn({ err: error }, 'disk could not be freed; trying again');
    }
  };

  const tick = (): void => {
    round ??= collect().finally(() => (round = null));
  };
  const timer = everySeconds > 0 ? setInterval(tick, everySeconds * 1_000) : undefined;
  return {
    async close() {
      clearInterval(timer);
      await round;
    },
  };
}
