import { UploadSchema } from '@trawl/spec';
import { z } from 'zod';

const channels = z.array(z.int().min(4).max(1024)).min(2).max(6);

/**
 * Hyperparameters under DDLP's names with the values of its `configs/shapes.json`; other defaults say why. Of its list
 * `ds`, `root` are trawl's `dataset`, `device` is the worker's, `load_model` and `pretrained_path` are a stage's `from`,
 * `run_prefix` is the sweep's name: docs/dlp.md.
 */
export const DlpParams = z.strictObject({
  image_size: z
    .union([z.literal(16), z.literal(32), z.literal(64), z.literal(128)])
    .default(64)
    .meta({
      description: 'Side of the input image, pixels; that of the data',
      recommended: [64, 128],
    }),
  ch: z.literal(3).default(3).meta({ description: 'Channels of the input image', recommended: 3 }),
  batch_size: z.int().min(1).max(1024).default(32).meta({
    description: 'Images in a step',
    recommended: 32,
  }),
  lr: z.number().min(1e-8).max(1).default(2e-4).meta({ description: 'Learning rate of Adam', recommended: 2e-4 }),
  num_epochs: z.int().min(1).max(100_000).default(150).meta({
    description: 'Passes over the training images',
    recommended: 150,
  }),
  adam_betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .meta({ description: 'Decay of the two moments of Adam', recommended: [0.9, 0.999] }),
  adam_eps: z.number().min(1e-12).max(1).default(1e-4).meta({
    description: 'Epsilon of Adam; with losses summed over pixels 1e-8 is much more aggressive',
    recommended: 1e-4,
  }),
  weight_decay: z.number().min(0).max(1).default(0).meta({
    description: 'Coupled L2 penalty of Adam',
    recommended: 0,
  }),
  scheduler_gamma: z.number().gt(0).max(1).default(0.95).meta({
    description: 'The learning rate is multiplied by it after every epoch',
    recommended: 0.95,
  }),
  recon_loss_type: z.enum(['mse', 'vgg']).default('mse').meta({
    description:
      'Reconstruction loss: squared error, or perceptual distance (which needs vgg_weights, and a tenth of a percent of the whole loss)',
    recommended: 'mse',
  }),
  vgg_weights: UploadSchema.nullable()
    .default(null)
    .meta({
      description:
        'Uploaded weights of VGG16 under the names of torchvision, for the perceptual loss (docs/dlp.md says how to make them)',
      recommended: { mse: null, vgg: 'sha256:...' },
    }),
  lpips_weights: UploadSchema.nullable()
    .default(null)
    .meta({
      description:
        'Uploaded weights of VGG16 and LPIPS, for the metric lpips, which is absent without (docs/dlp.md says how to make them)',
      recommended: [null, 'sha256:...'],
    }),
  beta_kl: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.05)
    .meta({
      description: 'Weight of the KL; the loss sums over pixels, so twice the image side wants four times the weight',
      recommended: { mse: 'from 0.05 to 0.15', vgg: 40 },
    }),
  beta_rec: z.number().min(0).max(1e6).default(1).meta({
    description: 'Weight of the reconstruction',
    recommended: 1,
  }),
  kl_balance: z.number().min(0).max(1e3).default(0.001).meta({
    description: 'Weight, inside the KL, of appearance features, depth and (halved) the Chamfer distance to the prior',
    recommended: 0.001,
  }),
  sigma: z.number().gt(0).max(100).default(1).meta({
    description: "Standard deviation of the prior keypoints in the Chamfer KL (the original's guide calls it unused)",
    recommended: 1,
  }),
  scale_std: z
    .number()
    .gt(0)
    .max(100)
    .default(0.3)
    .meta({
      description: 'Prior standard deviation of the scale, before the sigmoid',
      recommended: [0.3, 1],
    }),
  offset_std: z
    .number()
    .gt(0)
    .max(100)
    .default(0.2)
    .meta({
      description: 'Prior standard deviation of the offset from the anchor, in image halves',
      recommended: [0.2, 1],
    }),
  obj_on_alpha: z.number().gt(0).max(100).default(0.1).meta({
    description: 'First parameter of the Beta prior of transparency',
    recommended: 0.1,
  }),
  obj_on_beta: z.number().gt(0).max(100).default(0.1).meta({
    description: 'Second parameter of the Beta prior of transparency',
    recommended: 0.1,
  }),
  warmup_epoch: z.int().min(0).max(10_000).default(1).meta({
    description:
      'Epochs that reconstruct glimpses alone; one more is noisy. Without them transparency and scale collapse',
    recommended: 1,
  }),
  patch_size: z
    .int()
    .min(2)
    .max(64)
    .default(8)
    .meta({
      description: 'Side of the patches of the prior, each of which proposes keypoints; a divisor of image_size',
      recommended: [8, 16, 32],
    }),
  n_kp: z.int().min(1).max(16).default(1).meta({ description: 'Keypoints proposed by a patch', recommended: 1 }),
  n_kp_prior: z.int().min(1).max(4096).default(64).meta({
    description: 'Proposals that are kept for the KL; at most (image_size / patch_size)^2 n_kp',
    recommended: 'all proposals',
  }),
  n_kp_enc: z
    .int()
    .min(2)
    .max(1024)
    .default(10)
    .meta({
      description: 'Particles; at most n_kp_prior',
      recommended: [10, 12, 25],
    }),
  filtering_heuristic: z.enum(['distance', 'variance', 'random', 'none']).default('variance').meta({
    description:
      "How proposals are kept: farthest from their patch's middle, of least variance, at random, or all of them and a particle mixer makes the anchors (the original's shapes.json says none; its logged run, and three times the speed, variance)",
    recommended: 'variance',
  }),
  anchor_s: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.25)
    .meta({
      description: 'Side of a glimpse, as a share of image_size; the glimpse must be 8, 16, 32 or 64 pixels',
      recommended: { most: 0.25, 'small objects': 0.125 },
    }),
  learned_feature_dim: z.int().min(1).max(256).default(6).meta({
    description: 'Appearance features of a particle',
    recommended: 'from 4 to 10',
  }),
  bg_learned_feature_dim: z.int().min(0).max(1024).default(0).meta({
    description: 'Features of the background; 0 is as many as learned_feature_dim',
    recommended: 0,
  }),
  enc_channels: channels.default([32, 32, 64, 64]).meta({
    description:
      'Channels of the background CNN; all but the first halve the image, which must end at 8, 16 or 32 pixels',
    recommended: { '64 pixels': [32, 32, 64, 64], '128 pixels': [32, 64, 128, 256] },
  }),
  prior_channels: channels.default([16, 32, 64]).meta({
    description:
      'Channels of the CNN of patches and glimpses (the original has 32, 32, 64 in shapes.json, this everywhere else)',
    recommended: [16, 32, 64],
  }),
  pad_mode: z.enum(['replicate', 'zeros']).default('replicate').meta({
    description: 'What convolutions see beyond the image',
    recommended: 'replicate',
  }),
  kp_activation: z.enum(['tanh', 'sigmoid']).default('tanh').meta({
    description: 'Bounds the offset from the anchor; sigmoid only ever moves down and to the right',
    recommended: 'tanh',
  }),
  kp_range: z
    .tuple([z.literal(-1), z.literal(1)])
    .default([-1, 1])
    .meta({ description: 'Coordinates of keypoints; the original crashes with [0, 1]', recommended: [-1, 1] }),
  train_enc_prior: z.boolean().default(true).meta({
    description: 'Whether anchors pass gradients to the prior',
    recommended: true,
  }),
  use_correlation_heatmaps: z.boolean().default(false).meta({
    description: 'A fourth channel in the attribute encoder: without video it is all zeros',
    recommended: false,
  }),
  use_tracking: z.literal(false).default(false).meta({ description: 'Tracking is part of ddlp', recommended: false }),
  use_resblock: z.boolean().default(false).meta({
    description: 'Residual blocks in all CNNs but that of the features; in no published configuration',
    recommended: false,
  }),
  enable_enc_attn: z.boolean().default(false).meta({
    description: "Attention between an image's particles in both glimpse encoders; in no published configuration",
    recommended: false,
  }),
  dropout: z.literal(0).default(0).meta({ description: 'Read and used nowhere by the original', recommended: 0 }),
  eval_epoch_freq: z.int().min(1).max(1000).default(1).meta({
    description: 'Epochs between validations; the last epoch always has one',
    recommended: 1,
  }),
  eval_im_metrics: z.boolean().default(true).meta({
    description: 'PSNR and SSIM at every validation after the first epoch; the summary always has them',
    recommended: true,
  }),
  topk: z.int().min(1).max(1024).default(6).meta({
    description: 'Particles shown as the most certain in figures',
    recommended: 10,
  }),
  iou_thresh: z.number().gt(0).max(1).default(0.2).meta({
    description: 'Overlap from which one of two boxes is left out of figures',
    recommended: 0.2,
  }),
});
/** Without what only says which model it is, so that parts of both models take it. */
export type DlpParams = Omit<z.output<typeof DlpParams>, 'use_tracking'>;
