import { parseMetricName, SPLITS, toWire } from '@trawl/spec';
import type { Metrics } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { readCurves } from '../sql/readCurves.js';
import { rows } from '../statement.js';

interface CurveRow {
  name: string;
  split: number;
  epochs: number[];
  steps: number[];
  values: number[];
}

export function metricRepository({ pool }: Db, { ingest }: Pick<Metrics, 'ingest'>): Metrics {
  return {
    ingest,

    curves: async (runId, { names: wanted, maxPoints } = {}) => {
      if (!isId(runId)) return [];
      const parsed = wanted?.flatMap((name) => parseMetricName(name) ?? []);
      const found = await rows<CurveRow>(pool, readCurves, [
        runId,
        parsed?.map((metric) => metric.name) ?? null,
        parsed?.map((metric) => SPLITS.indexOf(metric.split)) ?? null,
        maxPoints ?? null,
      ]);
      return found.map(({ name, split, epochs, steps, values }) => ({
        name: `${SPLITS[split] ?? 'train'}.${name}`,
        epochs,
        steps,
        values: values.map(toWire),
      }));
    },
  };
}
