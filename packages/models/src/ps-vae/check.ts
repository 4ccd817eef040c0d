import type { DatasetFacts, Fault, Params } from '@trawl/spec';
import type { Architecture } from './architecture.js';
import { featurePointsOf, layersOf, sizesOf } from './architecture.js';
import { PsVaeParams } from './params.js';

/** Illegal combinations of values that are legal one by one. `facts` is null where the data cannot be read yet. */
export function checkPsVae(raw: Params, facts: DatasetFacts | null): Fault[] {
  const params = PsVaeParams.parse(raw);
  return [
    ...checkEpochs(params, { name: 'anneal_epochs', epochs: params.anneal_epochs }),
    ...(facts === null
      ? []
      : [
          ...checkLabels(params, facts),
          ...checkFrames(facts),
          ...checkArchitecture(params, facts),
          ...checkSplits(params, facts),
        ]),
  ];
}

/** The ramp, by its parameter's name, must end before training does. */
export function checkEpochs(
  { max_n_epochs, min_n_epochs }: Pick<PsVaeParams, 'max_n_epochs' | 'min_n_epochs'>,
  ramp: { name: string; epochs: number } | null,
): Fault[] {
  const faults: Fault[] = [];
  if (ramp !== null && ramp.epochs >= max_n_epochs) {
    faults.push({
      path: ramp.name,
      message: 'the ramp leaves no epoch to choose the best model from',
      given: ramp.epochs,
      allowed: `below max_n_epochs, which is ${max_n_epochs}`,
    });
  }
  if (min_n_epochs > max_n_epochs) {
    faults.push({
      path: 'min_n_epochs',
      message: 'training ends before early stopping may begin',
      given: min_n_epochs,
      allowed: `at most max_n_epochs, which is ${max_n_epochs}`,
    });
  }
  return faults;
}

/** Supervised latents take one latent a label; `others` says what else takes latents. */
export function checkLabels(
  { n_ae_latents }: Pick<PsVaeParams, 'n_ae_latents'>,
  facts: DatasetFacts,
  others: { latents: number; words: string } = { latents: 0, words: '' },
): Fault[] {
  if (facts.labels === 0) {
    return [
      {
        path: 'dataset',
        message: 'the supervised latents need labels, and the data has none',
        given: facts.kind,
        allowed: 'a dataset with labels; vae, beta-tcvae and ae need none',
      },
    ];
  }
  const least = facts.labels + others.latents;
  if (n_ae_latents >= least) return [];
  if (least > 64) {
    return [
      {
        path: 'dataset',
        message: `its ${facts.labels} labels${others.words} need more than the 64 latents that a model may have`,
        given: `${facts.labels} labels`,
        allowed: 'at most 62 labels, so that two unsupervised latents are left: leave labels out of the data',
      },
    ];
  }
  return [
    {
      path: 'n_ae_latents',
      message: `each of the ${facts.labels} labels of the data takes one latent${others.words}; n_ae_latents counts all latents`,
      given: n_ae_latents,
      allowed: `${least} to 64; from ${least + 2} on there are two unsupervised latents to correlate`,
    },
  ];
}

/** The KL decomposition compares the frames of a trial with one another. */
export function checkFrames({ frames }: Pick<DatasetFacts, 'frames'>): Fault[] {
  const short = frames.findIndex((n) => n < 2);
  if (short < 0) return [];
  return [
    {
      path: 'dataset',
      message: `trial ${short} has a single frame: ICMI and TC are estimated between the frames of a trial`,
      given: `${frames.filter((n) => n < 2).length} trials of one frame`,
      allowed: 'trials of at least 2 frames, better 30 and more: leave short ones out or join them',
    },
  ];
}

export function checkArchitecture(
  { architecture }: { architecture: Architecture },
  { height, width }: Pick<DatasetFacts, 'height' | 'width'>,
): Fault[] {
  const layers = layersOf(architecture);
  const sizes = sizesOf(layers, height, width);
  const idle = layers.findIndex(({ stride }, i) => stride > 1 && sizes[i]?.every((side) => side === 1));
  if (idle < 0 && featurePointsOf(architecture) > 0 && sizes.at(-1)?.includes(1)) {
    return [
      {
        path: 'architecture',
        message: `feature points have no room to move: frames of ${height}x${width} are ${sizes.at(-1)?.join('x')} after the last layer`,
        given: architecture,
        allowed: 'fewer layers or smaller strides, as `feature-points`',
      },
    ];
  }
  if (idle < 0) return [];
  return [
    {
      path: 'architecture',
      message: `nothing is left to shrink at layer ${idle + 1}: frames of ${height}x${width} are 1x1 before it`,
      given: architecture,
      allowed: 'fewer layers or smaller strides, as `small`',
    },
  ];
}

/** The smallest whole block of `trial_splits` must fit the data. */
export function checkSplits(
  { trial_splits, train_frac }: Pick<PsVaeParams, 'trial_splits' | 'train_frac'>,
  { trials }: Pick<DatasetFacts, 'trials'>,
): Fault[] {
  const [train = 0, val = 0, test = 0, gap = 0] = trial_splits.split(';').map(Number);
  const block = train + val + test + 3 * gap;
  const blocks = Math.floor(trials / block);
  if (blocks === 0) {
    return [
      {
        path: 'trial_splits',
        message: `one block takes ${block} trials (train + val + test + 3 gaps), the data has ${trials}`,
        given: trial_splits,
        allowed: `blocks of at most ${trials} trials`,
      },
    ];
  }
  const training = blocks * train;
  const used = train_frac <= 1 ? Math.floor(train_frac * training) : train_frac;
  if (used >= 1 && used <= training && Number.isInteger(used)) return [];
  return [
    {
      path: 'train_frac',
      message: `the split has ${training} training trials, of which this asks for ${used}`,
      given: train_frac,
      allowed: `${1 / training} to 1 for a share, or a whole number of trials from 2 to ${training}`,
    },
  ];
}
