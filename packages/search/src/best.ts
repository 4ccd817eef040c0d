import { toWire } from '@trawl/spec';
import type { Best, Direction, Distribution, ModelCard, RankedCell, StagePlan } from '@trawl/spec';
import { atGridEdge } from './gridEdge.js';
import { metricReader, readMetric } from './metricValue.js';
import type { RankableRun } from './metricValue.js';
import { mean } from './moments.js';
import { rankCells } from './rank.js';
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
  /** Its cells, runs and planned seeds by cell id. */
  cells: readonly RankableCell[];
  runs: readonly RankableRun[];
  planned: Readonly<Record<string, readonly number[]>>;
  selected: { cellId: string; why: string };
  /** Runs of the refits of this stage, of all its cells together. Seeds that the stage used itself are ignored. */
  refits: readonly RankableRun[];
  /** To judge the cell by another metric than the stage's rule. */
  metric?: string | undefined;
  direction?: Direction | undefined;
}

/**
 * What can be said of a selected cell: how good it is, how sure that is, and whether it beats the runner-up.
 * @throws Error when the stage selects nothing, has no such cell, or its model has no such metric
 */
export function bestOf(input: BestInput): Best {
  const { stage, selected, card } = input;
  const rule = stage.select;
  const cell = input.cells.find(({ cellId }) => cellId === selected.cellId);
  if (rule === null || cell === undefined) throw new Error(`stage ${stage.name} has not selected ${selected.cellId}`);
  const metric = input.metric ?? rule.metric;
  const direction = input.direction ?? rule.direction;
  const ranked = rankCells({ ...rule, ...input, metric, direction });
  const chosen = ranked.find(({ cellId }) => cellId === selected.cellId);
  const refits = refitValues(input, metricReader(card, metric, rule.minActive));
  const mine = refits.get(selected.cellId) ?? new Map<number, number>();
  const runnerUp = runnerUpOf(ranked, selected.cellId, refits);
  const theirs = runnerUp === null ? null : (refits.get(runnerUp.cellId) ?? null);
  const difference = theirs === null ? null : pairedDifference(mine, theirs);
  const seen = chosen === undefined ? [] : countedValues(chosen);
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
    refit: mine.size === 0 ? null : distribution([...mine.values()]),
    optimism: mine.size === 0 || seen.length === 0 ? null : optimism([...mine.values()], seen, direction),
    runnerUp:
      runnerUp === null
        ? null
        : {
            cellId: runnerUp.cellId,
            point: runnerUp.point,
            refit: theirs === null ? null : distribution([...theirs.values()]),
            difference,
          },
    ...distinguish(runnerUp, mine.size, theirs, difference, direction),
    atGridEdge: atGridEdge(input.stages, stage, cell),
  };
}

/** Values of refit runs that count, by cell and seed. */
function refitValues(
  { refits, cells, planned }: BestInput,
  reader: ReturnType<typeof metricReader>,
): Map<string, Map<number, number>> {
  const values = new Map<string, Map<number, number>>();
  for (const cell of cells) {
    const used = new Set(planned[cell.cellId]);
    const bySeed = new Map<number, number>();
    for (const run of refits) {
      if (run.cellId !== cell.cellId || used.has(run.seed)) continue;
      const reading = readMetric(reader, run, cell.params);
      if (reading.kind === 'counts') bySeed.set(run.seed, reading.value);
    }
    if (bySeed.size > 0) values.set(cell.cellId, bySeed);
  }
  return values;
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

function countedValues(cell: RankedCell): number[] {
  return cell.seeds.flatMap(({ value, why }) => (why === null && typeof value === 'number' ? [value] : []));
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
  refitted: number,
  theirs: ReadonlyMap<number, number> | null,
  difference: Distribution | null,
  direction: Direction,
): Verdict {
  if (runnerUp === null) return unknown('no other cell could have been selected');
  if (refitted === 0) return unknown('not refitted: the seeds that selected the cell cannot also judge it');
  if (theirs === null) return unknown('the runner-up was not refitted');
  if (difference === null || difference.interval === null) {
    return unknown(`${count(difference?.n ?? 0, 'common refit seed')}: an interval needs 2`);
  }
  const [low, high] = difference.interval.map(Number);
  if (low === undefined || high === undefined) return unknown('the paired difference has no interval');
  const interval = `95 % interval [${brief(low)}, ${brief(high)}] of the paired difference over ${difference.n} common refit seeds`;
  if (low <= 0 && high >= 0) {
    return { distinguishable: false, distinguishableWhy: `the ${interval} includes 0` };
  }
  const wins = direction === 'min' ? high < 0 : low > 0;
  const verdict = wins ? 'the selected cell is better' : 'the runner-up is better than the selected cell';
  return { distinguishable: true, distinguishableWhy: `the ${interval} excludes 0: ${verdict}` };
}
