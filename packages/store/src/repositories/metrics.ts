import { parseMetricName, SPLITS, toWire } from '@trawl/spec';
import type { Metrics } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import type { MetricNames } from '../metricNames.js';
import { ingestPoints } from '../sql/ingestPoints.js';
import { readCurves } from '../sql/readCurves.js';
import { row, rows } from '../statement.js';

interface CurveRow {
  name: string;
  split: number;
  epochs: number[];
  steps: number[];
  values: number[];
}

export function metricRepository({ pool, unsafe }: Db, names: MetricNames): Metrics {
  const ingest = ingestPoints({ fence: unsafe.noFence !== true });
  return {
    ingest: async (runId, fence, points) => {
      if (!isId(runId)) return false;
      const ids = await names(points.map((point) => point.name));
      const columns = [
        points.map((point) => ids.get(point.name)),
        points.map((point) => SPLITS.indexOf(point.split)),
        points.map((point) => point.step),
        points.map((point) => point.epoch),
        points.map((point) => point.value),
      ];
      const answer = await row<{ held: number }>(pool, ingest, [runId, fence, ...columns.map(arrayLiteral)]);
      return answer?.held === 1;
    },

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

/** pg quotes and escapes each element of an array; numbers, NaN and the infinities need none of it. */
const arrayLiteral = (column: (number | undefined)[]): string => `{${column.join(',')}}`;
