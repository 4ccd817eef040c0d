import type { ModelCard } from '@trawl/spec';
import { allUnits, checkBaseline } from '../ps-vae/baseline.js';
import { latentCards } from '../ps-vae/latentCards.js';
import {
  bestEpochCard,
  dataLlCard,
  dataMseCard,
  decomposedCards,
  klWeightCard,
  lossCard,
  tcWeightCard,
} from '../ps-vae/metricCards.js';
import { BetaTcVaeParams } from './params.js';

const ANNEALING = 'beta_anneal_epochs';

export const betaTcVaeCard = {
  name: 'beta-tcvae',
  version: '1',
  title: 'beta-TC-VAE',
  description:
    'Variational autoencoder whose KL is taken apart, with beta on the total correlation (Chen et al. 2018): PS-VAE without labels',
  params: BetaTcVaeParams,
  datasets: ['hdf5', 'behaviour'],
  metrics: [
    lossCard('Minimised: -LL of frames + ICMI + beta TC + DWKL', 'nats a frame', [
      'beta',
      'frame_std',
      'use_output_mask',
      'approx_batch_size',
      'sampling',
    ]),
    dataLlCard,
    ...decomposedCards,
    dataMseCard,
    ...latentCards(allUnits),
    bestEpochCard(ANNEALING),
    tcWeightCard(ANNEALING),
    klWeightCard(ANNEALING),
  ],
  defaultSelection: { metric: 'train.latent_correlation', direction: 'min' },
  seedParameter: 'rng_seed_model',
  check: checkBaseline((raw) => BetaTcVaeParams.parse(raw), ANNEALING),
} as const satisfies ModelCard;
