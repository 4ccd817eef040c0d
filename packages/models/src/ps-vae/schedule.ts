/** Weights of the annealed terms in one epoch. */
export interface Weights {
  /** Of ICMI and DWKL, 0..1. */
  kl: number;
  /** Of TC, 0..beta. */
  tc: number;
}

/**
 * Linear annealing over the first `annealEpochs` epochs (from 0, the untrained network): `linspace(0, 1, E)[epoch]`,
 * so that the last epoch of the ramp has the full weight already.
 * Source: BehaveNet vaes.py L537-553.
 */
export function weightsAt(epoch: number, annealEpochs: number, beta: number): Weights {
  const kl = epoch >= annealEpochs ? 1 : annealEpochs === 1 ? 0 : epoch / (annealEpochs - 1);
  return { kl, tc: beta * kl };
}

/**
 * Whether an epoch's model may be the run's best: losses inside the ramp weigh their terms differently and cannot be
 * compared, and epoch 0 has trained nothing.
 */
export const isCandidate = (epoch: number, annealEpochs: number): boolean => epoch >= Math.max(1, annealEpochs);

/** The last two epochs are always validated, as in BehaveNet, so that a run ends with a candidate. */
export const isValidated = (epoch: number, interval: number, lastEpoch: number): boolean =>
  epoch % interval === 0 || epoch >= lastEpoch - 1;

/** The best model so far. Part of a checkpoint. */
export interface Best {
  epoch: number;
  loss: number;
}

/** Takes a validated candidate's loss; lower wins, the earlier epoch at a tie. */
export const better = (best: Best | null, epoch: number, loss: number): Best =>
  best === null || loss < best.loss ? { epoch, loss } : best;

/** Whether training stops after this epoch: no new best for `history` epochs, and later than `minEpochs`. */
export const stopsEarly = (epoch: number, best: Best | null, history: number, minEpochs: number): boolean =>
  best !== null && epoch - best.epoch >= history && epoch > minEpochs;
