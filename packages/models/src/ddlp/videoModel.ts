import * as tf from '@tensorflow/tfjs-core';
import { requireKernels } from '@trawl/nn';
import type { Split } from '@trawl/spec';
import type { TrainContext } from '../contract.js';
import { epochFile, evaluationFiles } from '../dlp/evaluation.js';
import { glimpseSide } from '../dlp/geometry.js';
import { ATTENTION_KERNELS } from '../dlp/kernels.js';
import { dlpLoss } from '../dlp/loss.js';
import type { LoopModel, Tally } from '../dlp/loop/model.js';
import { evaluateLoss } from '../dlp/loop/passes.js';
import { batchesOf } from '../dlp/loop/run.js';
import { phaseAt, SETTLED } from '../dlp/loop/schedule.js';
import { checkedSplits } from '../dlp/loop/start.js';
import type { Images } from '../dlp/particleModel.js';
import { imagesOf } from '../dlp/network.js';
import { seenIn } from '../dlp/see.js';
import { yardsticks } from '../dlp/yardsticks.js';
import { addSeen, featureMetrics, objectsOf, seenMetrics, splitSums } from '../dlp/sums.js';
import { ddlpCard } from './card.js';
import type { Clip } from './clips.js';
import { clipsOf, videoOf } from './clips.js';
import { KERNELS } from './kernels.js';
import { ddlpLoss, dynamicDiscount, VIDEO_TERMS } from './loss.js';
import type { DdlpNetwork } from './network.js';
import { ddlpNetwork } from './network.js';
import { DdlpParams } from './params.js';
import { rolloutsOf } from './rollouts.js';

/** Rows, channels, columns, as the decoder has them. */
const columnsOf = (clips: tf.Tensor5D): tf.Tensor5D => tf.transpose(clips, [0, 1, 2, 4, 3]);

/** Every frame of clips as an image of its own. */
const framesOf = (clips: tf.Tensor5D): Images => {
  const [, , height, width, channels] = clips.shape;
  return imagesOf(tf.reshape(clips, [-1, height, width, channels]));
};

/** What the network makes of images that are not video: clips of one frame. */
const still = (network: DdlpNetwork): Pick<ImageNetwork, 'encode' | 'decode'> => ({
  encode: ({ x }, phase, dice) => network.encode(tf.expandDims<tf.Tensor5D>(x, 1), phase, dice),
  decode: (latents, phase, dice) => network.decode(latents, phase, dice),
});
type ImageNetwork = Parameters<typeof evaluationFiles>[0];

/** DDLP as the loop trains it: an item is a clip of timestep_horizon + 1 frames. */
export function ddlpModel(ctx: TrainContext): LoopModel {
  const { dataset } = ctx;
  const splits = checkedSplits(ctx, ddlpCard);
  const params = DdlpParams.parse(ctx.params);
  requireKernels(ctx.backend, [...KERNELS, ...(params.enable_enc_attn ? ATTENTION_KERNELS : [])]);
  const network = ddlpNetwork(params, ctx.streams);
  const { distance, lpips, ...tools } = yardsticks(ctx, params);
  const length = params.timestep_horizon + 1;
  const clips: Record<Split, Clip[]> = {
    train: clipsOf(dataset, splits.train, length, 1),
    val: clipsOf(dataset, splits.val, length, length),
    test: clipsOf(dataset, splits.test, length, length),
  };
  const items = { train: clips.train.length, val: clips.val.length, test: clips.test.length };
  const batches = batchesOf({ items, params });
  const chosen = (split: Split, batch: readonly number[]): Clip[] => batch.flatMap((i) => clips[split][i] ?? []);
  const sizes = { size: params.image_size, side: glimpseSide(params.anchor_s, params.image_size) };
  const allOfIt = dynamicDiscount(Infinity, batches, params);

  const firstImages = (count: number): Images =>
    framesOf(videoOf(dataset, clipsOf(dataset, splits.val, 1, length).slice(0, count), 1));

  function tally(split: Split): Tally {
    const sums = splitSums(params.learned_feature_dim);
    const rollouts = split === 'train' ? null : rolloutsOf(network, params, dataset, splits[split], lpips);
    return {
      see: (batch) =>
        evaluateLoss({ terms: VIDEO_TERMS }, () => {
          const of = chosen(split, batch);
          const video = videoOf(dataset, of, length);
          const encoded = network.encode(video, SETTLED, null);
          const decoded = network.decode(encoded, SETTLED, null);
          const truth = of.flatMap(({ trial, first }) => {
            const whole = dataset.trials[trial];
            return Array.from({ length }, (_, i) => (whole ? objectsOf(whole, first + i) : null));
          });
          addSeen(sums, seenIn(framesOf(video), encoded, decoded, split === 'train' ? null : lpips), truth, sizes);
          const forecast = network.predict(encoded, null);
          return ddlpLoss(columnsOf(video), encoded, decoded, forecast, allOfIt, SETTLED, params, distance);
        }),
      more: rollouts?.pieces ?? [],
      metrics(whole) {
        const { psnr = Number.NaN, ...seen } = seenMetrics(sums);
        return {
          psnr,
          ...(split !== 'train' && seen),
          ...(split === 'val' && featureMetrics(sums, whole)),
          ...rollouts?.metrics(),
        };
      },
      files: () => [...(rollouts?.files() ?? []), ...evaluationFiles(still(network), params, firstImages)],
    };
  }

  return {
    card: ddlpCard,
    params,
    network,
    tools,
    items,
    itemName: 'clips',
    terms: VIDEO_TERMS,
    loss(split, batch, at, dice) {
      const phase = at ? phaseAt(at.epoch, params) : SETTLED;
      const video = videoOf(dataset, chosen(split, batch), length);
      if (at && at.epoch < params.start_dyn_epoch) {
        const images = framesOf(video);
        const alone = still(network).encode(images, phase, dice);
        const terms = dlpLoss(images, alone, network.decode(alone, phase, dice), phase, params, distance);
        return { ...terms, loss_kl_dyn: tf.scalar(0) };
      }
      const encoded = network.encode(video, phase, dice);
      const decoded = network.decode(encoded, phase, dice);
      const discount = at ? dynamicDiscount(at.step - params.start_dyn_epoch * batches, batches, params) : allOfIt;
      const forecast = network.predict(encoded, dice);
      return ddlpLoss(columnsOf(video), encoded, decoded, forecast, discount, phase, params, distance);
    },
    tally,
    snapshot: (epoch) => epochFile(epoch, still(network), params, firstImages),
  };
}
