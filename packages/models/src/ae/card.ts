import type { ModelCard } from '@trawl/spec';
import { allUnits, checkBaseline } from '../ps-vae/baseline.js';
import { latentCards } from '../ps-vae/latentCards.js';
import { bestEpochCard, dataMseCard, lossCard } from '../ps-vae/metricCards.js';
import { AeParams } from './params.js';

export const aeCard = {
  name: 'ae',
  version: '1',
  title: 'Autoencoder',
  description: 'Convolutional autoencoder: a baseline of PS-VAE without labels, sampling or KL',
  params: AeParams,
  datasets: ['hdf5', 'behaviour'],
  metrics: [
    lossCard('Minimised: squared error a pixel', 'intensity squared, 0..1', ['use_output_mask']),
    dataMseCard,
    ...latentCards(allUnits),
    bestEpochCard(null),
  ],
  defaultSelection: { metric: 'val.loss_data_mse', direction: 'min' },
  seedParameter: 'rng_seed_model',
  check: checkBaseline((raw) => AeParams.parse(raw), null),
} as const satisfies ModelCard;
