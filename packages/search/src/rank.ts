import { canonicalJson, fromWire, isFinished, toWire } from '@trawl/spec';
import type { Direction, Distribution, ModelCard, Params, RankedCell, WhereClause } from '@trawl/spec';
import { metricReader, readMetric } from './metricValue.js';
import type { MetricReader, RankableRun, Reading } from './metricValue.js';
import { mean, median } from './moments.js';
import { byMetric, comparePoints, compareTexts } from './order.js';
import { distribution } from './statistics.js';
import { brief } from './words.js';

export interface RankableCell {
  cellId: string;
  point: Params;
  params: Params;
}

export interface RankInput {
  card: ModelCard;
  cells: readonly RankableCell[];
  runs: readonly RankableRun[];
  /** Seeds that each cell is to be run with, by cell id. */
  planned: Readonly<Record<string, readonly number[]>>;
  /** Full name, as `train.latent_correlation`. */
  metric: string;
  direction: Direction;
  aggregate: 'mean' | 'median';
  minActive?: number | undefined;
  /** Rank a cell by the seeds it has although others are missing or failed. */
  allowPartial: boolean;
  where: readonly WhereClause[];
}

/**
 * All cells, best first; those that cannot be ranked come last, in the order given, and say why. A seed that gave a
 * result which cannot win (diverged, collapsed, not finite) makes its cell ineligible; a seed that failed, was
 * cancelled or is not finished makes it incomplete. Ties go to the smaller point, then to the smaller params.
 * @throws Error where the model's runs cannot be ranked by a metric named
 */
export function rankCells(input: RankInput): RankedCell[] {
  const judged = judgeCells(input);
  const better = byMetric(input.direction);
  const tied = byPoint(input.cells);
  const inRace = judged.flatMap((each) => {
    const key = keyOf(each, input.aggregate);
    return key === null ? [] : [{ each, key }];
  });
  inRace.sort((a, b) => better(a.key, b.key) || tied(a.each.cell, b.each.cell));
  return [
    ...inRace.map(({ each }, i) => ({ ...described(each), rank: i + 1 })),
    ...judged.filter(({ why }) => why !== null).map(described),
  ];
}

/** The same cell by cell, in the order given and without ranks: a cell's own runs are all that it takes. */
export function describeCells(input: RankInput): RankedCell[] {
  return judgeCells(input).map(described);
}

/** What cells stand by, in the order given: less is better, null has no rank. Of equal ones `tieOrder` decides. */
export function sortKeys(input: RankInput): (number | null)[] {
  return judgeCells(input).map((each) => {
    const key = keyOf(each, input.aggregate);
    return key !== null && input.direction === 'max' ? -key : key;
  });
}

/** Of each of a stage's cells its place among all of them where their keys are equal. */
export function tieOrder(cells: readonly RankableCell[]): number[] {
  const tied = byPoint(cells);
  const order = [...cells.entries()].toSorted(([, a], [, b]) => tied(a, b));
  const places = cells.map(() => 0);
  for (const [place, [at]] of order.entries()) places[at] = place;
  return places;
}

function byPoint(cells: readonly RankableCell[]): (a: RankableCell, b: RankableCell) => number {
  const axes = [...new Set(cells.flatMap(({ point }) => Object.keys(point)))];
  return (a, b) =>
    comparePoints(a.point, b.point, axes) || compareTexts(canonicalJson(a.params), canonicalJson(b.params));
}

/** The number a cell is ranked by; null where there is none. */
export function scoreOf(score: Distribution, aggregate: 'mean' | 'median'): number | null {
  const value = score[aggregate];
  return value === null ? null : fromWire(value);
}

interface Readers {
  metric: MetricReader;
  where: { clause: WhereClause; reader: MetricReader }[];
}

interface SeedReading {
  run: RankableRun;
  reading: Reading;
}

/** A cell with what its seeds said, before anything is worked out for show: an interval takes a millisecond. */
interface Judged {
  cell: RankableCell;
  seeds: SeedReading[];
  /** Of the seeds that count. */
  values: number[];
  planned: number;
  /** Why it has no rank. */
  why: string | null;
}

function judgeCells(input: RankInput): Judged[] {
  const readers: Readers = {
    metric: metricReader(input.card, input.metric, input.minActive),
    where: input.where.map((clause) => ({
      clause,
      reader: metricReader(input.card, clause.metric, input.minActive),
    })),
  };
  const runsOf = new Map<string, RankableRun[]>();
  for (const run of input.runs) {
    const before = runsOf.get(run.cellId);
    if (before === undefined) runsOf.set(run.cellId, [run]);
    else before.push(run);
  }
  return input.cells.map((cell) => judge(cell, runsOf.get(cell.cellId) ?? [], input, readers));
}

function judge(cell: RankableCell, runs: readonly RankableRun[], input: RankInput, readers: Readers): Judged {
  const seeds: SeedReading[] = runs
    .toSorted((a, b) => a.seed - b.seed)
    .map((run) => ({ run, reading: readMetric(readers.metric, run, cell.params) }));
  const counted = seeds.filter(({ reading }) => reading.kind === 'counts');
  const planned = new Set([...(input.planned[cell.cellId] ?? []), ...runs.map(({ seed }) => seed)]).size;
  return {
    cell,
    seeds,
    values: counted.flatMap(({ reading }) => (reading.kind === 'counts' ? [reading.value] : [])),
    planned,
    why:
      whyIneligible(seeds) ??
      whyIncomplete(seeds, planned, input.allowPartial) ??
      whyOutOfBounds(cell, counted, input.aggregate, readers),
  };
}

const keyOf = ({ values, why }: Judged, aggregate: 'mean' | 'median'): number | null =>
  why === null ? { mean, median }[aggregate](values) : null;

/** The cell with everything but its rank. */
function described({ cell, seeds, values, planned, why }: Judged): RankedCell {
  return {
    rank: null,
    cellId: cell.cellId,
    point: cell.point,
    score: distribution(values),
    seeds: seeds.map(({ run, reading }) => ({
      seed: run.seed,
      runId: run.runId,
      state: run.state,
      value: reading.kind === 'missing' || reading.value === null ? null : toWire(reading.value),
      why: reading.kind === 'counts' ? null : reading.why,
    })),
    planned,
    finished: seeds.filter(({ run }) => isFinished(run.state)).length,
    failed: seeds.filter(({ run, reading }) => reading.kind === 'missing' && isFinished(run.state)).length,
    ineligible: seeds.filter(({ reading }) => reading.kind === 'ineligible').length,
    why,
  };
}

function whyIneligible(seeds: readonly SeedReading[]): string | null {
  const whys = seeds.flatMap(({ run, reading }) =>
    reading.kind === 'ineligible' ? [`seed ${run.seed}: ${reading.why}`] : [],
  );
  return whys.length === 0 ? null : `not eligible: ${whys.join('; ')}`;
}

function whyIncomplete(seeds: readonly SeedReading[], planned: number, allowPartial: boolean): string | null {
  const counted = seeds.filter(({ reading }) => reading.kind === 'counts').length;
  if (counted > 0 && (counted === planned || allowPartial)) return null;
  if (planned === 0) return 'incomplete: no run is planned';
  const whys = seeds.flatMap(({ run, reading }) =>
    reading.kind === 'missing' ? [`seed ${run.seed}: ${reading.why}`] : [],
  );
  if (seeds.length < planned) whys.push(`${planned - seeds.length} not started`);
  return `incomplete, ${counted} of ${planned} seeds count: ${whys.join('; ')}`;
}

function whyOutOfBounds(
  cell: RankableCell,
  counted: readonly SeedReading[],
  aggregate: 'mean' | 'median',
  { where }: Readers,
): string | null {
  const whys: string[] = [];
  for (const { clause, reader } of where) {
    const readings = counted.map(({ run }) => ({ seed: run.seed, reading: readMetric(reader, run, cell.params) }));
    const values = readings.flatMap(({ reading }) => (reading.kind === 'counts' ? [reading.value] : []));
    const bad = readings.find(({ reading }) => reading.kind !== 'counts');
    if (bad !== undefined && bad.reading.kind !== 'counts') {
      whys.push(`seed ${bad.seed}: ${bad.reading.why}`);
      continue;
    }
    const value = aggregate === 'mean' ? mean(values) : median(values);
    if (clause.atLeast !== undefined && value < clause.atLeast) {
      whys.push(`${clause.metric} is ${brief(value)}, below ${clause.atLeast}`);
    }
    if (clause.atMost !== undefined && value > clause.atMost) {
      whys.push(`${clause.metric} is ${brief(value)}, above ${clause.atMost}`);
    }
  }
  return whys.length === 0 ? null : `outside select.where: ${whys.join('; ')}`;
}
