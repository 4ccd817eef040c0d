import { Tinypool } from 'tinypool';
import { FigureFault } from './fault.js';
import type { Job } from './jobs.js';
import { compileResvg } from './render/module.js';
import { WARM_UP } from './warmUp.js';
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
  /** Starts a thread and lets it draw something, so that the first who asks does not wait for what takes seconds on a busy machine. */
  warm(): Promise<void>;
  close(): Promise<void>;
}

/** A movie and a figure at a time: neither waits for the other. */
const THREADS = 2;
/** A thread that is not asked for so long ends, and with it its memory: some 200 MB of code, fonts and pixels. */
const IDLE_MS = 10 * 60_000;
/** Of a thread's heap, MB: one job cannot take the service with it. */
const HEAP_MB = 1_024;

/** The module of what makes pixels stays here: its machine code, most of the cost of a first PNG, outlives the threads. */
const openPool = async (): Promise<Tinypool> =>
  new Tinypool({
    filename: new URL('./worker.js', import.meta.url).href,
    workerData: await compileResvg(),
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });

export function openRenderer(): Renderer {
  let pool: Promise<Tinypool> | undefined;
  const draw = async (job: Job): Promise<Uint8Array> => {
    pool ??= openPool();
    const answer: Answer = await (await pool).run(job);
    if ('bytes' in answer) return answer.bytes;
    throw new FigureFault(answer.fault.option, answer.fault.given, answer.fault.allowed);
  };
  return {
    draw,
    warm: async () => void (await draw(WARM_UP)),
    close: async () => (await pool)?.destroy(),
  };
}
