import type { DatasetFacts, MetricCard, Params } from '@trawl/spec';
import { latentCards } from './latentCards.js';
import { PsVaeParams } from './params.js';

const SPLITS = ['train', 'val', 'test'] as const;
const everywhere = { splits: SPLITS, perEpoch: true, summary: true } as const;

/** What is minimised, in words, and the parameters that weigh it. */
export function lossCard(description: string, unit: string, contains: readonly string[]): MetricCard {
  return { name: 'loss', description, unit, direction: 'min', contains, ...everywhere };
}

export const dataLlCard: MetricCard = {
  name: 'loss_data_ll',
  description: 'Log-likelihood of a frame',
  unit: 'nats a frame',
  direction: 'max',
  contains: ['frame_std', 'use_output_mask'],
  ...everywhere,
};

export const dataMseCard: MetricCard = {
  name: 'loss_data_mse',
  description: 'Squared error a pixel, masked pixels counted as right; from posterior means in the summary',
  unit: 'intensity squared, 0..1',
  direction: 'min',
  contains: ['use_output_mask'],
  ...everywhere,
};

/** Terms of the decomposed KL: with the constants of the estimator, and as BehaveNet logs them without. */
const decomposed = (name: string, what: string): MetricCard[] => {
  const common = { unit: 'nats a frame', direction: null, ...everywhere } as const;
  const contains = ['approx_batch_size', 'sampling'];
  return [
    {
      ...common,
      name,
      description: `${what} of the unsupervised latents, estimated within a chunk of M frames with q(z) = mean of its M posteriors`,
      contains,
    },
    {
      ...common,
      name: `${name}_raw`,
      description: `${what} as BehaveNet logs it, without the estimator's ln M: comparable only between runs with chunks of one length and as many latents`,
      contains: [...contains, 'n_ae_latents'],
    },
  ];
};

export const decomposedCards: readonly MetricCard[] = [
  ...decomposed('loss_zu_mi', 'Index-code mutual information'),
  ...decomposed('loss_zu_tc', 'Total correlation'),
  ...decomposed('loss_zu_dwkl', 'Dimension-wise KL'),
];

export const klCard = (name: string, of: string): MetricCard => ({
  name,
  description: `KL of ${of} to the standard normal`,
  unit: 'nats a frame',
  direction: null,
  contains: [],
  ...everywhere,
});

export const labelCards: readonly MetricCard[] = [
  {
    name: 'loss_label_ll',
    description: 'Log-likelihood of the labels of a frame, std 1',
    unit: 'nats a frame',
    direction: 'max',
    contains: ['use_label_mask'],
    ...everywhere,
  },
  {
    name: 'label_mse',
    description: 'Squared error of a label from the posterior mean, pooled over unmasked entries',
    unit: 'label units squared (z-scored)',
    direction: 'min',
    contains: [],
    perLabel: ['val', 'test'],
    ...everywhere,
  },
  {
    name: 'label_r2',
    description: 'Explained variance of the labels from the posterior mean, pooled over unmasked entries',
    unit: '1 is perfect',
    direction: 'max',
    contains: [],
    perLabel: ['val', 'test'],
    ...everywhere,
  },
];

/** `annealing` is the parameter of the ramp's length, null without one. */
export const bestEpochCard = (annealing: string | null): MetricCard => ({
  name: 'best_epoch',
  description: 'Epoch of the best model: lowest validation loss after the ramp',
  unit: 'epochs',
  direction: null,
  contains: [...(annealing === null ? [] : [annealing]), 'max_n_epochs'],
  splits: ['val'],
  perEpoch: false,
  summary: true,
});

const weight = { unit: 'weight', direction: null, splits: ['train'], perEpoch: true, summary: false } as const;

export const tcWeightCard = (annealing: string): MetricCard => ({
  ...weight,
  name: 'tc_weight',
  description: 'Annealed beta of the epoch',
  contains: ['beta', annealing],
});

export const klWeightCard = (annealing: string): MetricCard => ({
  ...weight,
  name: 'kl_weight',
  description: 'Annealed weight of ICMI and DWKL of the epoch',
  contains: [annealing],
});

/** Unsupervised latents of a PS-VAE; negative where the labels alone need more than there are. */
function unitsOf(raw: Params, facts: DatasetFacts): { units: number; taken: number; why: string } {
  const { n_ae_latents } = PsVaeParams.parse(raw);
  return {
    units: n_ae_latents - facts.labels,
    taken: facts.labels,
    why: `${n_ae_latents} less ${facts.labels} labels`,
  };
}

/**
 * What a PS-VAE reports. Per epoch, `train` is the mean over the epoch's steps while the weights move, `val` is the model
 * at the epoch's end; loss terms use sampled latents and count every trial alike. The summary is the best model's, over
 * whole splits.
 */
export const METRIC_CARDS: readonly MetricCard[] = [
  lossCard('Minimised: -LL of frames - alpha LL of labels + supervised KL + ICMI + beta TC + DWKL', 'nats a frame', [
    'alpha',
    'beta',
    'frame_std',
    'use_label_mask',
    'use_output_mask',
    'approx_batch_size',
    'sampling',
  ]),
  dataLlCard,
  klCard('loss_zs_kl', 'the supervised latents'),
  ...decomposedCards,
  dataMseCard,
  ...labelCards,
  ...latentCards(unitsOf),
  bestEpochCard('anneal_epochs'),
  tcWeightCard('anneal_epochs'),
  klWeightCard('anneal_epochs'),
];
