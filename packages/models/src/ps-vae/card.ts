import type { ModelCard } from '@trawl/spec';
import { checkPsVae } from './check.js';
import { METRIC_CARDS } from './metricCards.js';
import { PsVaeParams } from './params.js';

export const psVaeCard = {
  name: 'ps-vae',
  version: '3',
  title: 'PS-VAE',
  description:
    'Partitioned subspace VAE (Whiteway et al. 2021): some latents are tied to labels, the others hold what the labels leave out, pushed apart by a total-correlation penalty',
  params: PsVaeParams,
  datasets: ['hdf5', 'behaviour'],
  metrics: METRIC_CARDS,
  defaultSelection: { metric: 'train.latent_correlation', direction: 'min' },
  seedParameter: 'rng_seed_model',
  check: checkPsVae,
} as const satisfies ModelCard;
