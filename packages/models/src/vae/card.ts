import type { ModelCard } from '@trawl/spec';
import { allUnits, checkBaseline } from '../ps-vae/baseline.js';
import { latentCards } from '../ps-vae/latentCards.js';
import {
  bestEpochCard,
  dataLlCard,
  dataMseCard,
  decomposedCards,
  klCard,
  lossCard,
  tcWeightCard,
} from '../ps-vae/metricCards.js';
import { VaeParams } from './params.js';

const ANNEALING = 'beta_anneal_epochs';

export const vaeCard = {
  name: 'vae',
  version: '1',
  title: 'VAE',
  description: 'Variational autoencoder with beta on the KL of all latents: a baseline of PS-VAE that knows no labels',
  params: VaeParams,
  datasets: ['hdf5', 'behaviour'],
  metrics: [
    lossCard('Minimised: -LL of frames + beta KL', 'nats a frame', [
      'beta',
      'frame_std',
      'use_output_mask',
      'approx_batch_size',
      'sampling',
    ]),
    dataLlCard,
    klCard('loss_kl', 'all latents'),
    ...decomposedCards,
    dataMseCard,
    ...latentCards(allUnits),
    bestEpochCard(ANNEALING),
    tcWeightCard(ANNEALING),
  ],
  defaultSelection: { metric: 'train.latent_correlation', direction: 'min' },
  seedParameter: 'rng_seed_model',
  check: checkBaseline((raw) => VaeParams.parse(raw), ANNEALING),
} as const satisfies ModelCard;
