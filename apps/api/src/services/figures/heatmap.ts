import { type HeatmapCell, type MetricHeatmap, valueText } from '@trawl/figures/renderer';
import { rankableMetric, rankableMetrics } from '@trawl/search';
import { parameterProblem, ProblemError } from '../../problems.js';
import { countWords, plotted, rankedBy } from './cells.js';
import type { FigureKind, FigureOptions } from './kinds.js';
import { METRIC_TITLES } from './searchResults.js';
import { stageWithRuns, type SweepSubject } from './subjects.js';

export const heatmapKind: FigureKind<SweepSubject> = {
  name: 'heatmap',
  title: 'Metric by two parameters',
  description:
    'A metric over two varied parameters, every seed a dot; where more vary, each place shows the best cell of the others',
  kind: 'figure',
  options: ['stage', 'metric', 'x', 'y'],
  prepare: async (subject, options) => {
    const data = await heatmap(subject, options);
    return { key: data, load: async () => ({ figure: 'heatmap', data }) };
  },
};

async function heatmap(subject: SweepSubject, options: FigureOptions): Promise<MetricHeatmap> {
  const data = await stageWithRuns(options.stage, subject);
  const { card, axes } = data.criterion;
  const full = options.metric ?? data.criterion.metric;
  const metric = rankableMetric(card, full);
  if (metric === null) {
    throw parameterProblem(
      'metric',
      `model ${card.name} has no such metric in its summary`,
      full,
      rankableMetrics(card).join(', '),
    );
  }
  const [first] = axes;
  if (first === undefined) {
    throw new ProblemError(
      'conflict',
      `Stage ${data.stage.name} varies no parameter: there is nothing to plot against.`,
    );
  }
  const x = axisNamed('x', options.x, axes) ?? axes.find((axis) => axis !== options.y) ?? first;
  const y = axisNamed('y', options.y, axes) ?? axes.find((axis) => axis !== x) ?? null;
  if (x === y)
    throw parameterProblem(
      'y',
      'is x as well',
      y,
      axes.filter((axis) => axis !== x).join(', ') || 'nothing: the stage varies one parameter',
    );
  const best = new Map<string, HeatmapCell>();
  for (const cell of rankedBy(data, full)) {
    const value = cell.point[x];
    if (value === undefined) continue;
    const other = y === null ? null : (cell.point[y] ?? null);
    const key = JSON.stringify([value, other]);
    if (!best.has(key)) best.set(key, { x: value, y: other, ...plotted(cell, data) });
  }
  const others = axes.filter((axis) => axis !== x && axis !== y);
  const title = METRIC_TITLES[metric.name] ?? metric.name;
  return {
    title: `${subject.sweep.name}: ${title} by ${[x, y].filter((axis) => axis !== null).join(' and ')}`,
    subtitle: `${subject.sweep.model} · stage ${data.stage.name} · ${countWords(data)}`,
    metric: `${full}: ${metric.unit}`,
    xName: x,
    yName: y,
    cells: [...best.values()],
    notes:
      others.length === 0
        ? []
        : [`Also varied: ${others.map(valueText).join(', ')}. Each place shows the best cell of them.`],
  };
}

function axisNamed(option: 'x' | 'y', given: string | undefined, axes: readonly string[]): string | null {
  if (given === undefined) return null;
  if (axes.includes(given)) return given;
  throw parameterProblem(option, 'the stage does not vary it', given, axes.join(', '));
}
