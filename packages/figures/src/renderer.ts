import { Tinypool } from 'tinypool';
import { FigureFault } from './fault.js';
import type { Job } from './jobs.js';
import type { Answer } from './worker.js';

/* Light: what draws is loaded in the threads alone. */
export { brief, count, valueText } from './draw/numbers.js';
export { FigureFault } from './fault.js';
export * from './formats.js';
export type * from './jobs.js';
export { hasFfmpeg } from './movies/ffmpeg.js';
export type { HeatmapCell, MetricHeatmap } from './plots/metricHeatmap.js';
export type { SearchResults } from './plots/searchResults.js';
export type { SeedCell, SeedPanel, SeedValue } from './plots/seedPanel.js';
export type { CurvePanel, RunCurve, TrainingCurves } from './plots/trainingCurves.js';
export { REVIEW_POLICY } from './review/policy.js';
export type { ReviewCandidate, ReviewRun, ReviewSheet } from './review/sheet.js';

/** Draws in threads of its own: the caller's event loop goes on. */
export interface Renderer {
  /** @throws FigureFault where an option is not in the data; Error where a file is not what it should be, or ffmpeg fails */
  draw(job: Job): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A movie and a figure at a time: neither waits for the other. */
const THREADS = 2;
/** A thread that is not asked for so long ends, and with it its memory. */
const IDLE_MS = 30_000;
/** Of a thread's heap, MB: one job cannot take the service with it. */
const HEAP_MB = 1_024;

export function openRenderer(): Renderer {
  const pool = new Tinypool({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return {
    draw: async (job) => {
      const answer: Answer = await pool.run(job);
      if ('bytes' in answer) return answer.bytes;
      throw new FigureFault(answer.fault.option, answer.fault.given, answer.fault.allowed);
    },
    close: () => pool.destroy(),
  };
}
