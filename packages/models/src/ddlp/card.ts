import type { ModelCard } from '@trawl/spec';
import { dlpCard, PARTICLE_FILES } from '../dlp/card.js';
import { checkDdlp } from './check.js';
import { METRIC_CARDS } from './metricCards.js';
import { DdlpParams } from './params.js';

export const ddlpCard = {
  name: 'ddlp',
  version: '2',
  title: 'DDLP',
  description:
    'Deep dynamic latent particles (Daniel and Tamar 2023): the particles of dlp, tracked through video, and a transformer that predicts them, so that video can be rolled out',
  params: DdlpParams,
  // Pictures of one moment have no dynamics.
  datasets: dlpCard.datasets.filter((kind) => kind !== 'shapes'),
  metrics: METRIC_CARDS,
  defaultSelection: { metric: 'val.rollout_psnr', direction: 'max' },
  files: PARTICLE_FILES,
  check: checkDdlp,
} as const satisfies ModelCard;
