import type { Splits } from './contract.js';
import { DatasetError } from './errors.js';
import { RandomState } from './random.js';

/** Trials of one block: train | gap | val | gap | test | gap. */
interface Block {
  train: number;
  val: number;
  test: number;
  gap: number;
}

/** Parses `train;val;test;gap`, as `8;1;1;0`. Throws DatasetError. */
export function parseSplits(text: string): Block {
  const counts = text.split(';').map((part) => (/^\d{1,6}$/.test(part.trim()) ? Number(part) : Number.NaN));
  const [train = Number.NaN, val = Number.NaN, test = Number.NaN, gap = Number.NaN] = counts;
  if (counts.length !== 4 || counts.some(Number.isNaN) || train < 1) {
    throw new DatasetError([
      {
        path: 'params.trial_splits',
        message: 'not a split of trials',
        given: text,
        allowed: "four whole numbers 'train;val;test;gap' of trials a block, train at least 1, as 8;1;1;0",
      },
    ]);
  }
  return { train, val, test, gap };
}

/**
 * BehaveNet's split of `nTrials` trials, in the order it returns them: whole blocks in random order, leftover
 * trials skipped at a random offset, then a random part of the training trials.
 * `trainFraction` up to 1 is a share of the training trials, above 1 a number of them.
 * Throws DatasetError where no block fits or no training trial is left. (The original takes all training trials
 * when the share leaves none; an answer that nobody asked for.)
 * Source: behavenet/data/data_generator.py, `split_trials` and `ConcatSessionsGenerator`.
 */
export function splitTrials(nTrials: number, trialSplits: string, seed: number, trainFraction = 1): Splits {
  const block = parseSplits(trialSplits);
  const length = block.train + block.val + block.test + 3 * block.gap;
  const nBlocks = Math.floor(nTrials / length);
  if (nBlocks === 0) {
    throw new DatasetError([
      {
        path: 'params.trial_splits',
        message: `a block takes ${length} trials, the dataset has ${nTrials}`,
        given: trialSplits,
        allowed: `train + val + test + 3 gap of at most ${nTrials}`,
      },
    ]);
  }
  const random = new RandomState(seed);
  const leftover = nTrials - length * nBlocks;
  // The original draws below `leftover`: the very last trial of a set with leftovers is never used.
  const offset = leftover > 0 ? random.upTo(leftover - 1) : 0;
  const splits: Splits = { train: [], val: [], test: [] };
  for (const index of random.permutation(nBlocks)) {
    let first = index * length + offset;
    for (const part of ['train', 'val', 'test'] as const) {
      for (let trial = first; trial < first + block[part]; trial++) splits[part].push(trial);
      first += block[part] + block.gap;
    }
  }
  return { ...splits, train: takePart(splits.train, trainFraction, random) };
}

function takePart(trials: number[], fraction: number, random: RandomState): number[] {
  if (fraction === 1) return trials;
  const count = Math.min(trials.length, Math.floor(fraction < 1 ? fraction * trials.length : fraction));
  if (!(count >= 1)) {
    throw new DatasetError([
      {
        path: 'params.train_frac',
        message: `leaves no training trial of ${trials.length}`,
        given: fraction,
        allowed: `at least 1/${trials.length}; up to 1 is a share of the training trials, above 1 a number of them`,
      },
    ]);
  }
  return random.choice(trials.length, count).map((i) => trials[i] ?? 0);
}
