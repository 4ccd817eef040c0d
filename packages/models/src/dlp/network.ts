import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream, RandomStreams, Variables } from '@trawl/nn';
import { disposeVariables } from '@trawl/nn';
import type { Build } from './blocks.js';
import type { DlpParams } from './params.js';
import type { Decoded, Encoded, Images, Latents, Phase } from './particleModel.js';
import { particleModel, sample } from './particleModel.js';
import type { PatchPrior } from './prior.js';
import { stopped } from './stop.js';

export type * from './particleModel.js';
export { imagesOf } from './particleModel.js';

export interface DlpNetwork {
  variables: Variables;
  prior: PatchPrior;
  /** `dice` null gives posterior means. */
  encode(images: Images, phase: Phase, dice: RandomStream | null): Encoded;
  decode(latents: Latents, phase: Phase, dice: RandomStream | null): Decoded;
  dispose(): void;
}

/**
 * DLPv2 (Daniel and Tamar 2023, arXiv 2306.05957): an image as particles (position, scale, depth, transparency,
 * appearance) over a background. Initialised from the stream `weights`.
 * Source: taldatech/ddlp models.py, ObjectDLP, at 5686275.
 */
export function dlpNetwork(params: DlpParams, streams: RandomStreams): DlpNetwork {
  const build: Build = { variables: new Map(), stream: streams.get('weights'), pad: params.pad_mode };
  const model = particleModel(build, params);
  const { prior } = model;
  return {
    variables: build.variables,
    prior,
    encode({ x, columns }, phase, dice) {
      const b = x.shape[0];
      const proposed = prior.filter(prior.proposals(x), columns, dice);
      const start = tf.reshape<tf.Rank.R2>(params.train_enc_prior ? proposed.anchors : stopped(proposed.anchors), [
        b * params.n_kp_enc,
        2,
      ]);
      const first = model.attributesAt(columns, start, null);
      const anchors = tf.add<tf.Tensor2D>(start, first.offset);
      const second = model.attributesAt(columns, anchors, phase.warmup || phase.noisy ? null : first.scale);
      const particles = model.particles(columns, anchors, second, phase, dice);
      const far = model.encodeBackground(x, particles.position, particles.transparency);
      return {
        ...particles,
        prior: { keypoints: stopped(proposed.keypoints), anchors: proposed.anchors },
        anchors: tf.reshape(anchors, [b, params.n_kp_enc, 2]),
        background: far,
        backgroundFeature: sample(far, dice),
      };
    },
    decode: (latents, phase, dice) => model.decode(latents, phase, dice),
    dispose: () => disposeVariables(build.variables),
  };
}
