import type * as tf from '@tensorflow/tfjs-core';
import { requireKernels } from '@trawl/nn';
import type { Split } from '@trawl/spec';
import type { TrainContext } from '../contract.js';
import { batchOf, framesOf } from './batch.js';
import { dlpCard } from './card.js';
import { epochFile, evaluationFiles } from './evaluation.js';
import { glimpseSide } from './geometry.js';
import { ATTENTION_KERNELS, KERNELS } from './kernels.js';
import { dlpLoss, TERMS } from './loss.js';
import { evaluateLoss } from './loop/passes.js';
import type { LoopModel, Tally } from './loop/model.js';
import { phaseAt, SETTLED } from './loop/schedule.js';
import { checkedSplits } from './loop/start.js';
import type { Decoded, Encoded, Images } from './network.js';
import { dlpNetwork } from './network.js';
import { DlpParams } from './params.js';
import { seenIn } from './see.js';
import { yardsticks } from './yardsticks.js';
import { addSeen, featureMetrics, objectsOf, seenMetrics, splitSums } from './sums.js';

/** DLP as the loop trains it: an item is an image. */
export function dlpModel(ctx: TrainContext): LoopModel {
  const { dataset } = ctx;
  const splits = checkedSplits(ctx, dlpCard);
  const params = DlpParams.parse(ctx.params);
  requireKernels(ctx.backend, [...KERNELS, ...(params.enable_enc_attn ? ATTENTION_KERNELS : [])]);
  const network = dlpNetwork(params, ctx.streams);
  const { distance, lpips, ...tools } = yardsticks(ctx, params);
  const frames = {
    train: framesOf(dataset, splits.train),
    val: framesOf(dataset, splits.val),
    test: framesOf(dataset, splits.test),
  };
  const chosen = (split: Split, batch: readonly number[]) => batch.flatMap((i) => frames[split][i] ?? []);
  const imagesOf = (split: Split, batch: readonly number[]): Images => batchOf(dataset, chosen(split, batch));
  const sizes = { size: params.image_size, side: glimpseSide(params.anchor_s, params.image_size) };

  const firstImages = (count: number): Images => imagesOf('val', [...frames.val.keys()].slice(0, count));

  function tally(split: Split): Tally {
    const sums = splitSums(params.learned_feature_dim);
    return {
      see(batch) {
        const terms = evaluateLoss({ terms: TERMS }, () => {
          const images = imagesOf(split, batch);
          const encoded: Encoded = network.encode(images, SETTLED, null);
          const decoded: Decoded = network.decode(encoded, SETTLED, null);
          const truth = chosen(split, batch).map(({ trial, frame }) => {
            const of = dataset.trials[trial];
            return of ? objectsOf(of, frame) : null;
          });
          addSeen(sums, seenIn(images, encoded, decoded, split === 'train' ? null : lpips), truth, sizes);
          return dlpLoss(images, encoded, decoded, SETTLED, params, distance);
        });
        return terms;
      },
      more: [],
      metrics(whole) {
        const { psnr = Number.NaN, ...seen } = seenMetrics(sums);
        return {
          psnr,
          ...(split !== 'train' && seen),
          ...(split === 'val' && featureMetrics(sums, whole)),
        };
      },
      files: () => evaluationFiles(network, params, firstImages),
    };
  }

  return {
    card: dlpCard,
    params,
    network,
    tools,
    items: { train: frames.train.length, val: frames.val.length, test: frames.test.length },
    itemName: 'images',
    terms: TERMS,
    loss(split, batch, at, dice): Record<string, tf.Scalar> {
      const phase = at ? phaseAt(at.epoch, params) : SETTLED;
      const images = imagesOf(split, batch);
      const encoded = network.encode(images, phase, dice);
      return dlpLoss(images, encoded, network.decode(encoded, phase, dice), phase, params, distance);
    },
    tally,
    snapshot: (epoch) => epochFile(epoch, network, params, firstImages),
  };
}
