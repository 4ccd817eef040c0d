import type { DatasetFacts, Fault, MetricCard, Params, Summary } from '@trawl/spec';
import { VISIBLE_PARTICLE } from '@trawl/spec';
import { ACTIVE_VARIANCE } from '../ps-vae/latentCards.js';

const SPLITS = ['train', 'val', 'test'] as const;
const HELD = ['val', 'test'] as const;
const everywhere = { splits: SPLITS, perEpoch: true, summary: true } as const;

export const VISIBLE = VISIBLE_PARTICLE;
/** Fewer pooled particles say nothing of how features go together. */
const LEAST_PARTICLES = 20;

interface ActiveOptions {
  minActive?: number | undefined;
}

/** Collapse guard: features that never move, or particles that are all switched off, must not win. */
function collapsed(summary: Summary, _params: Params, { minActive }: ActiveOptions): string | null {
  const particles = summary['val.particles_pooled'] ?? 0;
  const active = summary['val.active_units'] ?? 0;
  const units = summary['val.feature_units'] ?? 0;
  const needed = minActive ?? units;
  if (particles < LEAST_PARTICLES && needed > 0) {
    return `${particles} particles are visible (obj_on above ${VISIBLE}) over the validation images; ${LEAST_PARTICLES} must be`;
  }
  if (active >= needed) return null;
  return `${active} of ${units} appearance features are active (variance of the mean above ${ACTIVE_VARIANCE}); ${needed} must be`;
}

function correlationOf(summary: Summary, { minActive }: ActiveOptions): number {
  const pairs = minActive !== undefined && (summary['val.active_units'] ?? 0) >= 2 ? '_active' : '';
  return summary[`val.latent_correlation${pairs}`] ?? Number.NaN;
}

function tooFewFeatures({ learned_feature_dim }: Params): Fault[] {
  if (Number(learned_feature_dim) >= 2) return [];
  return [
    {
      path: 'learned_feature_dim',
      message: 'latent correlation needs 2 appearance features',
      given: learned_feature_dim,
      allowed: '2 to 256',
    },
  ];
}

export function needsPositions(_params: Params, facts: DatasetFacts | null): Fault[] {
  if (facts === null || facts.kind === 'shapes' || facts.kind === 'balls') return [];
  return [
    {
      path: 'dataset',
      message: 'this metric needs the true positions of the objects, which only a generated set has',
      given: facts.kind,
      allowed: 'kind: shapes or balls',
    },
  ];
}

export const PRIORS = [
  'anchor_s',
  'scale_std',
  'offset_std',
  'obj_on_alpha',
  'obj_on_beta',
  'sigma',
  'kl_balance',
  'n_kp_enc',
];
/** What the reconstruction is measured by. */
export const RECONSTRUCTION = ['recon_loss_type', 'vgg_weights'];
export const term = (
  name: string,
  description: string,
  contains: readonly string[],
  unit = 'nats an image',
): MetricCard => ({
  name,
  description,
  unit,
  direction: 'min',
  contains,
  ...everywhere,
});

export function needsLpips({ lpips_weights }: Params): Fault[] {
  if (typeof lpips_weights === 'string') return [];
  return [
    {
      path: 'lpips_weights',
      message: 'this metric needs the weights of VGG16 and LPIPS; docs/dlp.md says how to make them',
      given: 'null',
      allowed: 'sha256: and the 64 hex digits that POST /v1/artifacts answers',
    },
  ];
}

const ofParticles = { splits: HELD, perEpoch: true, summary: true } as const;

/**
 * What DLP reports. Per epoch, `train` is the mean over the epoch's steps while the weights move and warm-up and noisy
 * epochs have losses of their own; `val` is the model at the epoch's end with the same loss all through, sampled with
 * noise that is the same for the whole run. The summary is the best model's (lowest val.loss), over whole splits, from
 * posterior means.
 */
export const METRIC_CARDS: readonly MetricCard[] = [
  term(
    'loss',
    'Minimised: beta_rec rec + beta_kl KL; a thousandth of it with the perceptual loss',
    ['beta_rec', 'beta_kl', ...PRIORS, ...RECONSTRUCTION],
    'squared intensity + nats, an image',
  ),
  term(
    'loss_rec',
    'Squared error summed over pixels, or the perceptual distance; in warm-up epochs of glimpses',
    ['image_size', ...RECONSTRUCTION],
    'squared intensity an image',
  ),
  term('loss_kl', 'KL: keypoints + scale + transparency + kl_balance (features + depth)', PRIORS),
  term('loss_kl_kp', 'KL of offsets, and Chamfer KL of anchors to the prior, times kl_balance / 2', [
    'offset_std',
    'sigma',
    'kl_balance',
    'n_kp_enc',
  ]),
  term('loss_kl_scale', 'KL of scales to their prior around 0.75 anchor_s', ['anchor_s', 'scale_std', 'n_kp_enc']),
  term('loss_kl_obj_on', 'KL of transparencies to their Beta prior', ['obj_on_alpha', 'obj_on_beta', 'n_kp_enc']),
  term('loss_kl_depth', 'KL of depths to the standard normal', ['n_kp_enc']),
  term('loss_kl_feat', 'KL of the features of particles and background to the standard normal', [
    'n_kp_enc',
    'learned_feature_dim',
    'bg_learned_feature_dim',
  ]),
  {
    name: 'obj_on_l1',
    description:
      'Sum of the transparencies: how many particles are on. 0: nothing is found; n_kp_enc: all of them are used',
    unit: 'particles an image',
    direction: null,
    contains: ['n_kp_enc'],
    ...everywhere,
  },
  {
    name: 'psnr',
    description: '10 log10(1 / (MSE + 1e-8)) of an image, mean over images; of the train epoch, of each whole batch',
    unit: 'dB',
    direction: 'max',
    contains: [],
    ...everywhere,
  },
  {
    name: 'ssim',
    description: 'Structural similarity, Gaussian windows of 11 pixels, as piqa 1.3.1 has it; mean over images',
    unit: '1 is equal',
    direction: 'max',
    contains: [],
    ...ofParticles,
  },
  {
    name: 'lpips',
    description:
      'Perceptual distance LPIPS 0.1 with VGG16 (Zhang et al. 2018), as piqa 1.3.1 has it; mean over images. Absent without lpips_weights',
    unit: '0 is equal',
    direction: 'min',
    // Of other weights it is another number.
    contains: ['lpips_weights'],
    check: needsLpips,
    ...ofParticles,
  },
  {
    name: 'particles_on',
    description: `Particles whose transparency is above ${VISIBLE}`,
    unit: 'particles an image',
    direction: null,
    contains: ['n_kp_enc'],
    ...ofParticles,
  },
  {
    name: 'position_error',
    description:
      'Distance of each true object from the visible particle that it is matched to, one to one so that the sum is least; objects left over are not counted. Generated data only',
    unit: 'pixels',
    direction: 'min',
    contains: [],
    check: needsPositions,
    ...ofParticles,
  },
  {
    name: 'objects_found',
    description: 'Share of the true objects whose matched particle is within half a glimpse. Generated data only',
    unit: '0..1',
    direction: 'max',
    contains: ['anchor_s'],
    check: needsPositions,
    ...ofParticles,
  },
  {
    name: 'latent_correlation',
    description: `Mean |Pearson r| over all pairs of appearance features: posterior means of every particle with transparency above ${VISIBLE}, pooled over the images, since particles have no order; with minActive over pairs of active features`,
    unit: '|r|, 0..1',
    direction: 'min',
    contains: [],
    ineligible: collapsed,
    check: tooFewFeatures,
    value: correlationOf,
    splits: ['val'],
    perEpoch: true,
    summary: true,
  },
  {
    name: 'latent_correlation_active',
    description: 'latent_correlation over pairs of active features alone',
    unit: '|r|, 0..1',
    direction: 'min',
    contains: [],
    ineligible: collapsed,
    check: tooFewFeatures,
    splits: ['val'],
    perEpoch: false,
    summary: true,
  },
  {
    name: 'active_units',
    description: `Appearance features whose posterior mean has a variance above ${ACTIVE_VARIANCE} over the pooled particles`,
    unit: 'features',
    direction: 'max',
    contains: ['learned_feature_dim'],
    splits: ['val'],
    perEpoch: true,
    summary: true,
  },
  {
    name: 'feature_units',
    description: 'Appearance features of a particle: learned_feature_dim',
    unit: 'features',
    direction: null,
    contains: ['learned_feature_dim'],
    splits: ['val'],
    perEpoch: false,
    summary: true,
  },
  {
    name: 'particles_pooled',
    description: 'Visible particles over all images: what latent_correlation is taken over',
    unit: 'particles',
    direction: null,
    contains: ['n_kp_enc'],
    splits: ['val'],
    perEpoch: false,
    summary: true,
  },
  {
    name: 'best_epoch',
    description: 'Epoch of the best model: lowest validation loss',
    unit: 'epochs, from 0',
    direction: null,
    contains: ['num_epochs'],
    splits: ['val'],
    perEpoch: false,
    summary: true,
  },
  {
    name: 'learning_rate',
    description: 'Of the epoch: lr scheduler_gamma^epoch',
    unit: 'rate',
    direction: null,
    contains: ['lr', 'scheduler_gamma'],
    splits: ['train'],
    perEpoch: true,
    summary: false,
  },
];
