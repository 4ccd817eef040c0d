import type { MetricPoint } from '@trawl/spec';

/** One statement a batch costs about as much as one statement a point: few, but soon enough to watch. */
const BATCH_POINTS = 500;
const BATCH_MS = 250;
/** Bounds one statement after an outage let points pile up. */
const LARGEST_BATCH = 5_000;

export interface MetricBatch {
  /** Resolves at once unless the batch is full: then when it is stored. */
  add(points: readonly MetricPoint[]): Promise<void>;
  flush: () => Promise<void>;
  close(): void;
}

/**
 * @param ingest stores points
 * @param soon asks for a flush in its turn after what has come so far; called `BATCH_MS` after a first point
 */
export function metricBatch(ingest: (points: MetricPoint[]) => Promise<void>, soon: () => void): MetricBatch {
  let points: MetricPoint[] = [];
  let timer: NodeJS.Timeout | undefined;

  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    while (points.length > 0) {
      const batch = points.slice(0, LARGEST_BATCH);
      points = points.slice(LARGEST_BATCH);
      await ingest(batch);
    }
  };

  return {
    async add(more) {
      points = points.concat(more);
      if (points.length >= BATCH_POINTS) await flush();
      else timer ??= setTimeout(soon, BATCH_MS);
    },
    flush,
    close: () => clearTimeout(timer),
  };
}
