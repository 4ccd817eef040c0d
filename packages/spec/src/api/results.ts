import { z } from 'zod';
import { RUN_STATES } from '../states.js';
import { WireNumber } from '../values.js';
import { count, params } from './common.js';

/** A distribution over seeds. `interval` is 95 %: null for n = 1, t for n < 10, BCa bootstrap from 10. */
export const Distribution = z.object({
  n: count,
  mean: WireNumber.nullable(),
  sd: WireNumber.nullable(),
  median: WireNumber.nullable(),
  interval: z.tuple([WireNumber, WireNumber]).nullable(),
  intervalMethod: z.enum(['t', 'bca']).nullable(),
});
export type Distribution = z.infer<typeof Distribution>;

export const RankedCell = z.object({
  /** 1 is best; null where the cell cannot be ranked. */
  rank: z.int().nullable(),
  cellId: z.string(),
  point: params,
  score: Distribution,
  seeds: z.array(
    z.object({
      seed: z.int(),
      runId: z.string(),
      state: z.enum(RUN_STATES),
      value: WireNumber.nullable(),
      /** Why this seed does not count. */
      why: z.string().nullable(),
    }),
  ),
  planned: count,
  finished: count,
  failed: count,
  ineligible: count,
  /** Why the cell has no rank. */
  why: z.string().nullable(),
});
export type RankedCell = z.infer<typeof RankedCell>;

export const Ranking = z.object({
  sweepId: z.string(),
  stage: z.string(),
  metric: z.string(),
  direction: z.enum(['min', 'max']),
  aggregate: z.enum(['mean', 'median']),
  by: z.string(),
  cells: z.array(RankedCell),
});
export type Ranking = z.infer<typeof Ranking>;

/** How alike the latents of a cell's seeds are; compare `Ranking`. */
export const Udr = z.object({
  sweepId: z.string(),
  stage: z.string(),
  cells: z.array(
    z.object({
      cellId: z.string(),
      point: params,
      /** Over the scores of its seeds, without an interval: they share pairs. */
      score: Distribution,
      seeds: z.array(
        z.object({
          seed: z.int(),
          runId: z.string(),
          /** Median over the other seeds; null with its reason. */
          udr: z.number().nullable(),
          why: z.string().nullable(),
        }),
      ),
    }),
  ),
});
export type Udr = z.infer<typeof Udr>;

const labelScore = {
  /** Labelled values. */
  n: count,
  /** 1 - SSres / SStot about the mean over all frames of the group; null where nothing is labelled, or it never moves. */
  r2: z.number().nullable(),
  mse: z.number().nullable(),
};
const labelScores = z.object({ ...labelScore, labels: z.array(z.object(labelScore)) });

/** How well the runs of a stage predict held-out labels, over the frames of all runs of a group together. */
export const LabelFit = z.object({
  sweepId: z.string(),
  stage: z.string(),
  split: z.enum(['val', 'test']),
  /** The varied parameter whose values are pooled, as seeds always are. */
  over: z.string().nullable(),
  /** Principal components of the true labels that `baseline` knows. */
  components: z.int(),
  groups: z.array(
    z.object({
      /** What its runs have in common of what the stage varies. */
      point: params,
      /** Names of labels, in the order of `fit.labels`. */
      labels: z.array(z.string()),
      /** Frames with a label that its runs were tested on, each once. */
      frames: count,
      fit: labelScores,
      /** Of one who knows of each frame only `components` numbers, in the best case; over frames whose labels are all known. */
      baseline: labelScores.nullable(),
      runs: z.array(
        z.object({
          runId: z.string(),
          seed: z.int(),
          /** Its value of `over`. */
          value: z.json(),
          ...labelScore,
          /** Why it is not in the pool. */
          why: z.string().nullable(),
        }),
      ),
    }),
  ),
});
export type LabelFit = z.infer<typeof LabelFit>;

/** Paired on common seeds where there are any. */
export const Comparison = z.object({
  cellId: z.string(),
  point: params,
  refit: Distribution.nullable(),
  /** Winner minus this cell, over common refit seeds, with its 95 % t interval. */
  difference: Distribution.nullable(),
});

export const Best = z.object({
  sweepId: z.string(),
  stage: z.string(),
  metric: z.string(),
  direction: z.enum(['min', 'max']),
  cellId: z.string(),
  point: params,
  params,
  why: z.string(),
  /** Over the seeds of the selecting stage. */
  selection: Distribution,
  /** Over seeds not used in selection; null before a refit. */
  refit: Distribution.nullable(),
  /** Refit mean minus selection mean, signed so that positive means selection looked too good, with its interval. */
  optimism: Distribution.nullable(),
  runnerUp: Comparison.nullable(),
  /** Whether the interval of the paired difference excludes 0; null where it cannot be said, and why. */
  distinguishable: z.boolean().nullable(),
  distinguishableWhy: z.string(),
  /** Varied parameters whose selected value is the first or last of its axis. */
  atGridEdge: z.array(z.string()),
});
export type Best = z.infer<typeof Best>;
