import type { MetricCard } from '@trawl/spec';
import {
  METRIC_CARDS as OF_IMAGES,
  needsLpips,
  needsPositions,
  PRIORS,
  RECONSTRUCTION,
  term,
} from '../dlp/metricCards.js';

const DYNAMICS = ['beta_dyn', 'beta_dyn_rec', 'timestep_horizon', 'num_static_frames'];
const ROLLOUT = ['cond_steps', 'animation_horizon'];
const CLIP = 'squared intensity a clip';
const NATS = 'nats a clip';

/** What a frame says is the same in a clip. */
const SAME = new Set([
  'obj_on_l1',
  'psnr',
  'ssim',
  'lpips',
  'particles_on',
  'position_error',
  'objects_found',
  'latent_correlation',
  'latent_correlation_active',
  'active_units',
  'feature_units',
  'particles_pooled',
  'best_epoch',
  'learning_rate',
]);

const ofRollouts = { splits: ['val', 'test'], perEpoch: true, summary: true } as const;

/** Mean over the predicted frames of a rollout; the rollout's file has each of them. */
const rollout = (
  name: string,
  description: string,
  about: Pick<MetricCard, 'unit' | 'direction' | 'check'>,
): MetricCard => ({ name, description, contains: ROLLOUT, ...about, ...ofRollouts });

const dB = { unit: 'dB', direction: 'max' } as const;
const similarity = { unit: '1 is equal', direction: 'max' } as const;

/**
 * What DDLP reports. The loss is of clips of timestep_horizon + 1 frames: in training from every frame on, in validation one
 * after another; its terms are sums over a clip, the loss itself a frame's. What is said of particles and images is of all
 * frames of the validation clips, as tracked; rollouts begin at every animation_horizon-th frame of a held-out clip. Else
 * as in dlp.
 */
export const METRIC_CARDS: readonly MetricCard[] = [
  term(
    'loss',
    'Minimised: (beta_rec rec + beta_kl KL + beta_dyn dynamics KL) / frames of a clip; in training later frames count by a discount; a thousandth of it with the perceptual loss',
    ['beta_rec', 'beta_kl', ...PRIORS, ...DYNAMICS, ...RECONSTRUCTION],
    'squared intensity + nats, a frame',
  ),
  term(
    'loss_rec',
    'Squared error summed over pixels and frames, or the perceptual distance, those after the burn-in times beta_dyn_rec; in warm-up epochs of glimpses',
    ['image_size', ...DYNAMICS, ...RECONSTRUCTION],
    CLIP,
  ),
  term(
    'loss_kl',
    'KL of the burn-in to constant priors: keypoints + scale + transparency + kl_balance (features + depth)',
    [...PRIORS, 'num_static_frames'],
    NATS,
  ),
  term(
    'loss_kl_dyn',
    'KL of what is seen after the burn-in to what was predicted; 0 in epochs before start_dyn_epoch',
    ['n_kp_enc', 'learned_feature_dim', 'bg_learned_feature_dim', 'timestep_horizon', 'num_static_frames'],
    NATS,
  ),
  ...OF_IMAGES.filter(({ name }) => name.startsWith('loss_kl_')).map((card) => ({
    ...card,
    description: `${card.description}; of the burn-in`,
    unit: NATS,
    contains: [...card.contains, 'num_static_frames'],
  })),
  ...OF_IMAGES.filter(({ name }) => SAME.has(name)),
  rollout('rollout_psnr', 'PSNR of predicted frames: mean over the frames after cond_steps and over clips', dB),
  rollout('rollout_psnr_first', 'PSNR of the first predicted frame', dB),
  rollout('rollout_psnr_last', 'PSNR of the last predicted frame', dB),
  rollout('rollout_ssim', 'Structural similarity of predicted frames', similarity),
  {
    ...rollout('rollout_lpips', 'LPIPS of predicted frames, as lpips. Absent without lpips_weights', {
      unit: '0 is equal',
      direction: 'min',
      check: needsLpips,
    }),
    contains: [...ROLLOUT, 'lpips_weights'],
  },
  rollout('repeat_psnr', 'PSNR of repeating the last given frame instead: what a rollout must beat', {
    ...dB,
    direction: null,
  }),
  rollout('repeat_ssim', 'Structural similarity of repeating the last given frame instead', {
    ...similarity,
    direction: null,
  }),
  rollout(
    'rollout_position_error',
    'Distance of each true object from the visible predicted particle that it is matched to, over predicted frames. Generated data only',
    { unit: 'pixels', direction: 'min', check: needsPositions },
  ),
  rollout(
    'rollout_objects_found',
    'Share of the true objects of predicted frames whose matched particle is within half a glimpse. Generated data only',
    { unit: '0..1', direction: 'max', check: needsPositions },
  ),
  rollout(
    'repeat_position_error',
    'Distance of each true object from where the last given frame has one, over predicted frames: what repeating that frame would have. Generated data only',
    { unit: 'pixels', direction: null, check: needsPositions },
  ),
];
