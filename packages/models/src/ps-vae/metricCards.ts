import type { DatasetFacts, Fault, MetricCard, Params, Summary } from '@trawl/spec';
import { PsVaeParams } from './params.js';

const SPLITS = ['train', 'val', 'test'] as const;
const everywhere = { splits: SPLITS, perEpoch: true, summary: true } as const;

/** A latent is active when the variance of its posterior mean over frames is above this. */
export const ACTIVE_VARIANCE = 0.01;

interface ActiveOptions {
  minActive?: number | undefined;
}

/**
 * Collapse guard: a model must not win by having nothing to correlate. `minActive` asks for fewer active latents than all;
 * below 2 the guard is off, for trials too short for any latent to come alive.
 */
function collapsed(summary: Summary, _params: Params, { minActive }: ActiveOptions): string | null {
  const units = summary['train.unsupervised_units'] ?? 0;
  const active = summary['train.active_units'] ?? 0;
  const needed = minActive ?? Math.max(2, units);
  if (active >= needed) return null;
  return `${active} of ${units} unsupervised latents are active (variance of the mean above ${ACTIVE_VARIANCE}); ${needed} must be`;
}

/** With `minActive` over active pairs, where there is one. */
function correlationOf(summary: Summary, { minActive }: ActiveOptions): number {
  const pairs = minActive !== undefined && (summary['train.active_units'] ?? 0) >= 2 ? '_active' : '';
  return summary[`train.latent_correlation${pairs}`] ?? Number.NaN;
}

function tooFewLatents(raw: Params, facts: DatasetFacts | null): Fault[] {
  const { n_ae_latents } = PsVaeParams.parse(raw);
  // Too few latents for the labels alone is the model's own fault, told by its check().
  if (facts === null || n_ae_latents < facts.labels || n_ae_latents >= facts.labels + 2) return [];
  return [
    {
      path: 'n_ae_latents',
      message: `latent correlation needs 2 unsupervised latents; ${n_ae_latents} less ${facts.labels} labels leaves ${n_ae_latents - facts.labels}`,
      given: n_ae_latents,
      allowed: `${facts.labels + 2} to 64`,
    },
  ];
}

const correlation = {
  unit: '|r|, 0..1',
  direction: 'min',
  contains: [],
  ineligible: collapsed,
  check: tooFewLatents,
} as const;

/** Terms of the decomposed KL: with the constants of the estimator, and as BehaveNet logs them without. */
const decomposed = (name: string, what: string): MetricCard[] => {
  const common = { unit: 'nats a frame', direction: null, ...everywhere } as const;
  const contains = ['chunk_size', 'sampling'];
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

/**
 * What a PS-VAE reports. Per epoch, `train` is the mean over the epoch's steps while the weights move, `val` is the model
 * at the epoch's end; loss terms use sampled latents and count every trial alike. The summary is the best model's, over
 * whole splits.
 */
export const METRIC_CARDS: readonly MetricCard[] = [
  {
    name: 'loss',
    description: 'Minimised: -LL of frames - alpha LL of labels + supervised KL + ICMI + beta TC + DWKL',
    unit: 'nats a frame',
    direction: 'min',
    contains: ['alpha', 'beta', 'frame_std', 'use_label_mask', 'use_output_mask', 'chunk_size', 'sampling'],
    ...everywhere,
  },
  {
    name: 'loss_data_ll',
    description: 'Log-likelihood of a frame',
    unit: 'nats a frame',
    direction: 'max',
    contains: ['frame_std', 'use_output_mask'],
    ...everywhere,
  },
  {
    name: 'loss_label_ll',
    description: 'Log-likelihood of the labels of a frame, std 1',
    unit: 'nats a frame',
    direction: 'max',
    contains: ['use_label_mask'],
    ...everywhere,
  },
  {
    name: 'loss_zs_kl',
    description: 'KL of the supervised latents to the standard normal',
    unit: 'nats a frame',
    direction: null,
    contains: [],
    ...everywhere,
  },
  ...decomposed('loss_zu_mi', 'Index-code mutual information'),
  ...decomposed('loss_zu_tc', 'Total correlation'),
  ...decomposed('loss_zu_dwkl', 'Dimension-wise KL'),
  {
    name: 'loss_data_mse',
    description: 'Squared error a pixel, masked pixels counted as right; from posterior means in the summary',
    unit: 'intensity squared, 0..1',
    direction: 'min',
    contains: ['use_output_mask'],
    ...everywhere,
  },
  {
    name: 'label_mse',
    description: 'Squared error of a label from the posterior mean, pooled over unmasked entries',
    unit: 'label units squared (z-scored)',
    direction: 'min',
    contains: [],
    ...everywhere,
  },
  {
    name: 'label_r2',
    description: 'Explained variance of the labels from the posterior mean, pooled over unmasked entries',
    unit: '1 is perfect',
    direction: 'max',
    contains: [],
    ...everywhere,
  },
  {
    name: 'latent_correlation',
    description:
      'Mean |Pearson r| over all pairs of unsupervised latents, posterior means of the training split; with minActive over pairs of active latents',
    ...correlation,
    splits: ['train'],
    perEpoch: true,
    summary: true,
    value: correlationOf,
  },
  {
    name: 'latent_correlation_active',
    description: 'latent_correlation over pairs of active latents alone',
    ...correlation,
    splits: ['train'],
    perEpoch: false,
    summary: true,
  },
  {
    name: 'latent_correlation_first_pair',
    description: "|Pearson r| of the first two unsupervised latents: BehaveNet's code (it takes the test split)",
    ...correlation,
    splits: SPLITS,
    perEpoch: false,
    summary: true,
  },
  {
    name: 'active_units',
    description: `Unsupervised latents whose posterior mean has a variance above ${ACTIVE_VARIANCE} over frames`,
    unit: 'latents',
    direction: 'max',
    contains: ['n_ae_latents'],
    splits: ['train'],
    perEpoch: true,
    summary: true,
  },
  {
    name: 'unsupervised_units',
    description: 'Unsupervised latents of the model: n_ae_latents less labels',
    unit: 'latents',
    direction: null,
    contains: ['n_ae_latents'],
    splits: ['train'],
    perEpoch: false,
    summary: true,
  },
  {
    name: 'best_epoch',
    description: 'Epoch of the best model: lowest validation loss after the ramp',
    unit: 'epochs',
    direction: null,
    contains: ['anneal_epochs', 'max_n_epochs'],
    splits: ['val'],
    perEpoch: false,
    summary: true,
  },
  {
    name: 'tc_weight',
    description: 'Annealed beta of the epoch',
    unit: 'weight',
    direction: null,
    contains: ['beta', 'anneal_epochs'],
    splits: ['train'],
    perEpoch: true,
    summary: false,
  },
  {
    name: 'kl_weight',
    description: 'Annealed weight of ICMI and DWKL of the epoch',
    unit: 'weight',
    direction: null,
    contains: ['anneal_epochs'],
    splits: ['train'],
    perEpoch: true,
    summary: false,
  },
];
