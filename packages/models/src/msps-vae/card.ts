import type { DatasetFacts, MetricCard, ModelCard, Params } from '@trawl/spec';
import { latentCards } from '../ps-vae/latentCards.js';
import {
  bestEpochCard,
  dataLlCard,
  dataMseCard,
  decomposedCards,
  klCard,
  klWeightCard,
  labelCards,
  lossCard,
  tcWeightCard,
} from '../ps-vae/metricCards.js';
import { checkMspsVae } from './check.js';
import { MspsVaeParams } from './params.js';

function unitsOf(raw: Params, { labels }: DatasetFacts): { units: number; taken: number; why: string } {
  const { n_ae_latents, n_background } = MspsVaeParams.parse(raw);
  const taken = labels + n_background;
  return {
    units: n_ae_latents - taken,
    taken,
    why: `${n_ae_latents} less ${labels} labels and ${n_background} background`,
  };
}

const accuracy = {
  unit: 'share, 0..1',
  splits: ['val', 'test'],
  perEpoch: false,
  summary: true,
  contains: [],
} as const;

const SESSION_CARDS: readonly MetricCard[] = [
  {
    name: 'loss_triplet',
    description: 'Triplet loss of the background latents of a batch; margin 1',
    unit: 'latent units',
    direction: 'min',
    splits: ['train'],
    perEpoch: true,
    summary: false,
    contains: ['n_sessions_per_batch'],
  },
  {
    ...accuracy,
    name: 'session_accuracy',
    description:
      'How often a linear classifier, fitted on the training split, tells the session from the unsupervised latents: 1 / sessions is chance, and what one wants',
    direction: 'min',
  },
  {
    ...accuracy,
    name: 'session_accuracy_background',
    description: 'The same from the background latents: near 1 is what one wants',
    direction: 'max',
  },
];

export const mspsVaeCard = {
  name: 'msps-vae',
  version: '2',
  title: 'MSPS-VAE',
  description:
    'PS-VAE of several sessions: a third set of latents, drawn apart by a triplet loss, holds what tells the sessions from one another',
  params: MspsVaeParams,
  datasets: ['sessions'],
  metrics: [
    lossCard(
      'Minimised: as of PS-VAE, + delta triplet loss of the background latents while training; validation has no triplets',
      'nats a frame',
      ['alpha', 'beta', 'delta', 'frame_std', 'use_label_mask', 'use_output_mask', 'approx_batch_size', 'sampling'],
    ),
    dataLlCard,
    klCard('loss_zs_kl', 'the supervised latents'),
    ...decomposedCards,
    dataMseCard,
    ...labelCards,
    ...SESSION_CARDS,
    ...latentCards(unitsOf),
    bestEpochCard('anneal_epochs'),
    tcWeightCard('anneal_epochs'),
    klWeightCard('anneal_epochs'),
  ],
  defaultSelection: { metric: 'train.latent_correlation', direction: 'min' },
  seedParameter: 'rng_seed_model',
  check: checkMspsVae,
} as const satisfies ModelCard;
