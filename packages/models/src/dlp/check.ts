import type { DatasetFacts, Fault, Params } from '@trawl/spec';
import {
  BACKGROUND_SIDES,
  backgroundSide,
  glimpseSide,
  groupsOf,
  isLegalAnchor,
  legalAnchors,
  proposalsOf,
} from './geometry.js';
import { DlpParams } from './params.js';

/** Pixels that VGG16 makes something of. */
const LEAST_SEEN = 32;

/** Illegal combinations of values that are legal one by one. `facts` is null where the data cannot be read yet. */
export function checkDlp(raw: Params, facts: DatasetFacts | null): Fault[] {
  const params = DlpParams.parse(raw);
  return [...checkParts(params), ...(facts ? [...checkFrames(params, facts), ...checkCount(params, facts)] : [])];
}

/** Of the parts that images and video share. */
export const checkParts = (params: DlpParams): Fault[] => [
  ...checkLoss(params),
  ...checkAnchor(params),
  ...checkChannels(params),
  ...checkParticles(params),
];

function checkLoss({ recon_loss_type, vgg_weights, image_size }: DlpParams): Fault[] {
  if (recon_loss_type === 'mse') return [];
  const faults: Fault[] = [];
  if (vgg_weights === null) {
    faults.push({
      path: 'vgg_weights',
      message:
        'the perceptual loss (recon_loss_type vgg) needs the weights of VGG16; docs/dlp.md says how to make them',
      given: 'null',
      allowed: 'sha256: and the 64 hex digits that POST /v1/artifacts answers; or recon_loss_type mse',
    });
  }
  if (image_size < LEAST_SEEN) {
    faults.push({
      path: 'image_size',
      message: 'VGG16 halves an image five times, and the perceptual loss needs what is left',
      given: image_size,
      allowed: `at least ${LEAST_SEEN} with recon_loss_type vgg`,
    });
  }
  return faults;
}

function checkAnchor({ anchor_s, image_size, prior_channels }: DlpParams): Fault[] {
  const side = glimpseSide(anchor_s, image_size);
  if (!isLegalAnchor(anchor_s, image_size)) {
    return [
      {
        path: 'anchor_s',
        message: `glimpses of ${side} pixels; the object decoder makes only 8, 16, 32 or 64`,
        given: anchor_s,
        allowed: `at image_size ${image_size}: ${legalAnchors(image_size).join(', ')}`,
      },
    ];
  }
  const halvings = prior_channels.length - 1;
  if (side % 2 ** halvings === 0) return [];
  return [
    {
      path: 'prior_channels',
      message: `halve glimpses of ${side} pixels ${halvings} times`,
      given: prior_channels,
      allowed: `at most ${Math.log2(side) + 1} entries`,
    },
  ];
}

function checkChannels(params: DlpParams): Fault[] {
  const { image_size, enc_channels, prior_channels, patch_size } = params;
  const faults: Fault[] = [];
  for (const [path, given] of Object.entries({ enc_channels, prior_channels })) {
    if (given.every((channels) => groupsOf(channels) > 0)) continue;
    faults.push({
      path,
      message: 'channels are normalised in 4 groups, or in 5 where 4 is no divisor',
      given,
      allowed: 'multiples of 4 or 5',
    });
  }
  const side = backgroundSide(image_size, enc_channels);
  if (!BACKGROUND_SIDES.includes(side)) {
    const entries = BACKGROUND_SIDES.map((end) => Math.log2(image_size / end) + 1).filter((count) => count >= 2);
    faults.push({
      path: 'enc_channels',
      message: `${enc_channels.length} entries leave ${side} pixels of ${image_size}; the background decoder starts from 8, 16 or 32`,
      given: enc_channels,
      allowed: `at image_size ${image_size}: ${entries.toSorted((a, b) => a - b).join(', ')} entries`,
    });
  }
  const smallest = 2 ** (prior_channels.length - 1);
  if (image_size % patch_size !== 0 || patch_size % smallest !== 0) {
    const legal = [2, 4, 8, 16, 32, 64].filter((size) => image_size % size === 0 && size % smallest === 0);
    faults.push({
      path: 'patch_size',
      message: `patches tile the image, and ${prior_channels.length} prior_channels halve them ${prior_channels.length - 1} times`,
      given: patch_size,
      allowed: legal.join(', '),
    });
  }
  return faults;
}

function checkParticles(params: DlpParams): Fault[] {
  const { n_kp_enc, n_kp_prior, filtering_heuristic, image_size, patch_size } = params;
  if (image_size % patch_size !== 0) return [];
  const proposals = proposalsOf(params);
  const faults: Fault[] = [];
  if (n_kp_prior > proposals) {
    faults.push({
      path: 'n_kp_prior',
      message: `patches of ${patch_size} pixels propose ${proposals} keypoints in all`,
      given: n_kp_prior,
      allowed: `up to ${proposals}`,
    });
  }
  const most = filtering_heuristic === 'none' ? proposals : Math.min(n_kp_prior, proposals);
  if (n_kp_enc > most) {
    faults.push({
      path: 'n_kp_enc',
      message: `particles start from the ${most} prior keypoints`,
      given: n_kp_enc,
      allowed: `2 to ${most}`,
    });
  }
  return faults;
}

/** Whether the frames of the data are what the network sees. */
export function checkFrames({ image_size, ch }: DlpParams, facts: DatasetFacts): Fault[] {
  const faults: Fault[] = [];
  if (facts.channels !== ch) {
    faults.push({
      path: 'dataset',
      message: 'particles have colours',
      given: `${facts.channels} channel${facts.channels === 1 ? '' : 's'}`,
      allowed: 'images of 3 channels',
    });
  }
  if (facts.height !== image_size || facts.width !== image_size) {
    faults.push({
      path: 'image_size',
      message: `the data has images of ${facts.height} x ${facts.width}`,
      given: image_size,
      allowed: facts.height === facts.width ? `${facts.height}` : 'data with square images',
    });
  }
  return faults;
}

function checkCount({ batch_size }: DlpParams, facts: DatasetFacts): Fault[] {
  const training = (facts.splits?.train ?? []).reduce((sum, trial) => sum + (facts.frames[trial] ?? 0), 0);
  if (training >= batch_size) return [];
  return [
    {
      path: 'batch_size',
      message: `the data has ${training} training images, which do not fill one batch`,
      given: batch_size,
      allowed: `1 to ${training}`,
    },
  ];
}
