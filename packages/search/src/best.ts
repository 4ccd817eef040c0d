import { toWire } from '@trawl/spec';
import type { Best, Direction, Distribution, ModelCard, RankedCell, StagePlan } from '@trawl/spec';
import { atGridEdge } from './gridEdge.js';
import { metricReader, readMetric } from './metricValue.js';
import type { MetricReader, RankableRun } from './metricValue.js';
import { mean } from './moments.js';
import type { RankableCell } from './rank.js';
import { distribution, pairedDifference, welchInterval } from './statistics.js';
import { brief, count } from './words.js';

export interface BestInput {
  sweepId: string;
  card: ModelCard;
  /** All stages of the sweep, by ordinal. */
  stages: readonly StagePlan[];
  /** The search stage that selected. */
  stage: StagePlan;
  /** Of its cells the selected one, the first two and all that were refitted, with their planned seeds by cell id. */
  cells: readonly RankableCell[];
  planned: Readonly<Record<string, readonly number[]>>;
  /** The same cells as `metric` and `direction` rank them. */
  ranked: readonly RankedCell[];
  selected: { cellId: string; why: string };
  /** Runs of the refits of this stage, of all its cells together. Seeds that the stage used itself are ignored. */
  refits: readonly RankableRun[];
  metric: string;
  direction: Direction;
}

/**
 * What can be said of a selected cell: how good it is, how sure that is, and whether it beats the runner-up.
 * @throws Error when the stage selects nothing, has no such cell, or its model has no such metric
 */
export function bestOf(input: BestInput): Best {
  const { stage, selected, card, metric, direction, ranked } = input;
  const rule = stage.select;
  const cell = input.cells.find(({ cellId }) => cellId === selected.cellId);
  if (rule === null || cell === undefined) throw new Error(`stage ${stage.name} has not selected ${selected.cellId}`);
  const refits = readRefits(input, metricReader(card, metric, rule.minActive));
  const mine = refits.get(cell.cellId);
  const runnerUp = runnerUpOf(ranked, cell.cellId, refits);
  const theirs = runnerUp === null ? undefined : refits.get(runnerUp.cellId);
  const difference = mine && theirs ? pairedDifference(mine.values, theirs.values) : null;
  const seen = countedValues(ranked.find(({ cellId }) => cellId === cell.cellId));
  return {
    sweepId: input.sweepId,
    stage: stage.name,
    metric,
    direction,
    cellId: cell.cellId,
    point: cell.point,
    params: cell.params,
    why: selected.why,
    selection: distribution(seen),
    refit: refitOf(mine),
    optimism: mine && seen.length > 0 ? optimism([...mine.values.values()], seen, direction) : null,
    runnerUp:
      runnerUp === null ? null : { cellId: runnerUp.cellId, point: runnerUp.point, refit: refitOf(theirs), difference },
    ...distinguish(runnerUp, mine, theirs, difference, direction),
    atGridEdge: atGridEdge(input.stages, stage, cell),
  };
}

/** What a cell's refit runs said: values by seed, and the runs that do not count. */
interface Refit {
  values: Map<number, number>;
  missing: { seed: number; why: string }[];
}

/** By cell; cells that were not refitted are left out. */
function readRefits({ refits, cells, planned }: BestInput, reader: MetricReader): Map<string, Refit> {
  const byCell = new Map<string, Refit>();
  for (const { cellId, params } of cells) {
    const used = new Set(planned[cellId]);
    const refit: Refit = { values: new Map(), missing: [] };
    for (const run of refits) {
      if (run.cellId !== cellId || used.has(run.seed)) continue;
      const reading = readMetric(reader, run, params);
      if (reading.kind === 'counts') refit.values.set(run.seed, reading.value);
      else refit.missing.push({ seed: run.seed, why: reading.why });
    }
    if (refit.values.size + refit.missing.length > 0) byCell.set(cellId, refit);
  }
  return byCell;
}

function refitOf(refit: Refit | undefined): Distribution | null {
  return refit === undefined || refit.values.size === 0 ? null : distribution([...refit.values.values()]);
}

/** The best ranked other cell, of those that were refitted if there are any. */
function runnerUpOf(
  ranked: readonly RankedCell[],
  selected: string,
  refits: ReadonlyMap<string, unknown>,
): RankedCell | null {
  const others = ranked.filter(({ rank, cellId }) => rank !== null && cellId !== selected);
  return others.find(({ cellId }) => refits.has(cellId)) ?? others[0] ?? null;
}

function countedValues(cell: RankedCell | undefined): number[] {
  return (cell?.seeds ?? []).flatMap(({ value, why }) => (why === null && typeof value === 'number' ? [value] : []));
}

/** Of means over different seeds: Welch's interval. It has no standard deviation and no median of its own. */
function optimism(refit: readonly number[], seen: readonly number[], direction: Direction): Distribution {
  const [worse, better] = direction === 'min' ? [refit, seen] : [seen, refit];
  const interval = welchInterval(worse, better);
  return {
    n: refit.length,
    mean: toWire(mean(worse) - mean(better)),
    sd: null,
    median: null,
    interval: interval === null ? null : [toWire(interval[0]), toWire(interval[1])],
    intervalMethod: interval === null ? null : 't',
  };
}

type Verdict = Pick<Best, 'distinguishable' | 'distinguishableWhy'>;

const unknown = (why: string): Verdict => ({ distinguishable: null, distinguishableWhy: why });

function distinguish(
  runnerUp: RankedCell | null,
  mine: Refit | undefined,
  theirs: Refit | undefined,
  difference: Distribution | null,
  direction: Direction,
): Verdict {
  if (runnerUp === null) return unknown('no other cell could have been selected');
  if (mine === undefined) return unknown('not refitted: the seeds that selected the cell cannot also judge it');
  if (theirs === undefined) return unknown('the runner-up was not refitted');
  const missing = missingWords(mine, theirs);
  const [low, high] = (difference?.interval ?? []).map(Number);
  const seeds = count(difference?.n ?? 0, 'common refit seed');
  if (low === undefined || high === undefined) return unknown(`${seeds}: an interval needs 2${missing}`);
  const interval = `the 95 % interval [${brief(low)}, ${brief(high)}] of the paired difference over ${seeds}`;
  if (low <= 0 && high >= 0) return { distinguishable: false, distinguishableWhy: `${interval} includes 0${missing}` };
  const better = direction === 'min' ? high < 0 : low > 0;
  const verdict = better ? 'the selected cell is better' : 'the runner-up is better than the selected cell';
  return { distinguishable: true, distinguishableWhy: `${interval} excludes 0: ${verdict}${missing}` };
}

/** Refit runs that failed must not vanish from the verdict. */
function missingWords(mine: Refit, theirs: Refit): string {
  const words = [
    ...mine.missing.map(({ seed, why }) => `seed ${seed} of the selected cell (${why})`),
    ...theirs.missing.map(({ seed, why }) => `seed ${seed} of the runner-up (${why})`),
  ];
  return words.length === 0 ? '' : `; refit runs that do not count: ${words.join(', ')}`;
}
