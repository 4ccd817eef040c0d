import type { ModelCard } from '@trawl/spec';
import { checkDlp } from './check.js';
import { METRIC_CARDS } from './metricCards.js';
import { DlpParams } from './params.js';
import { LPIPS_TENSORS, VGG16_TENSORS } from '../vgg/tensors.js';

/** Of dlp and ddlp alike. */
export const PARTICLE_FILES = { vgg_weights: VGG16_TENSORS, lpips_weights: LPIPS_TENSORS };

export const dlpCard = {
  name: 'dlp',
  version: '2',
  title: 'DLPv2',
  description:
    'Deep latent particles (Daniel and Tamar 2023): an image as a few particles with position, scale, depth, transparency and appearance over a background, found without labels',
  params: DlpParams,
  datasets: ['shapes', 'balls', 'frames'],
  metrics: METRIC_CARDS,
  defaultSelection: { metric: 'val.latent_correlation', direction: 'min' },
  files: PARTICLE_FILES,
  check: checkDlp,
} as const satisfies ModelCard;
