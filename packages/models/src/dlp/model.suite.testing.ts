import * as tf from '@tensorflow/tfjs-core';
import { fromHost, randomStreams, valueAndGradients } from '@trawl/nn';
import { expect } from 'vitest';
import { near } from './compare.testing.js';
import { dlpLoss } from './loss.js';
import type { Decoded, DlpNetwork, Encoded, Phase } from './network.js';
import { dlpNetwork, imagesOf } from './network.js';
import { DlpParams } from './params.js';
import type { Handlers } from './suite.testing.js';
import type { Named, VectorCase } from './vectors.testing.js';
import { caseOf, isMerged, paramsOf, placeOf, uniforms, weightsOf } from './vectors.testing.js';

export const TINY = {
  image_size: 16 as const,
  enc_channels: [8, 16],
  prior_channels: [8, 16],
  patch_size: 8,
  n_kp_enc: 3,
  n_kp_prior: 4,
  learned_feature_dim: 4,
  bg_learned_feature_dim: 3,
  anchor_s: 0.5,
  scale_std: 0.3,
  offset_std: 0.2,
  beta_kl: 0.1,
  kl_balance: 0.001,
};
const params = DlpParams.parse(TINY);
const PLAIN: Phase = { warmup: false, noisy: false };
const B = 2;

function tinyModel(): DlpNetwork {
  const network = dlpNetwork(params, randomStreams(0));
  const weights = weightsOf(paramsOf(caseOf('tiny_dlp_variance'), 'params'));
  expect(Object.keys(weights).toSorted()).toEqual([...network.variables.keys()].toSorted());
  fromHost(network.variables, weights);
  return network;
}

const input = () => imagesOf(tf.transpose(tf.tensor4d(uniforms(1001, 2 * 3 * 16 * 16), [B, 3, 16, 16]), [0, 2, 3, 1]));

const images = (t: tf.Tensor): tf.Tensor => tf.transpose(t, [0, 2, 1, 3]);
const glimpses = (t: tf.Tensor): tf.Tensor => tf.transpose(t, [0, 3, 1, 2]);

/** Under the original's names, in its layout. */
export function namedOutputs(encoded: Encoded, decoded: Decoded): Record<string, tf.Tensor> {
  const { attributes, features, background } = encoded;
  return {
    kp_p: encoded.prior.keypoints,
    mu: encoded.anchors,
    z_base: encoded.anchors,
    z: encoded.position,
    mu_offset: attributes.offset,
    logvar_offset: attributes.offsetLogvar,
    mu_features: features.mean,
    logvar_features: features.logvar,
    mu_bg: background.mean,
    logvar_bg: background.logvar,
    obj_on_a: attributes.a,
    obj_on_b: attributes.b,
    obj_on: encoded.transparency,
    mu_depth: attributes.depth,
    logvar_depth: attributes.depthLogvar,
    mu_scale: attributes.scale,
    logvar_scale: attributes.scaleLogvar,
    rec: images(decoded.reconstruction),
    bg: images(decoded.background),
    dec_objects: images(decoded.foreground),
    alpha_masks: tf.transpose(decoded.alphaMasks, [0, 1, 3, 2, 4]),
    dec_objects_original: glimpses(decoded.glimpses),
    cropped_objects_original: glimpses(encoded.glimpses),
  };
}

export const LOSSES: Record<string, string> = {
  loss: 'loss',
  kl: 'loss_kl',
  loss_rec: 'loss_rec',
  obj_on_l1: 'obj_on_l1',
  loss_kl_kp: 'loss_kl_kp',
  loss_kl_feat: 'loss_kl_feat',
  loss_kl_obj_on: 'loss_kl_obj_on',
  loss_kl_scale: 'loss_kl_scale',
  loss_kl_depth: 'loss_kl_depth',
};

export function checkLosses(got: Record<string, tf.Tensor>, wanted: Named, tolerance: number, what: string): void {
  for (const [name, ours] of Object.entries(LOSSES)) near(got[ours]!, wanted[name], tolerance, `${what} ${name}`);
}

/** Of the last axis. */
const columnsOf = (t: tf.Tensor, from: number, size: number): tf.Tensor =>
  t.rank === 1 ? tf.slice(t, [from], [size]) : tf.slice(t, [0, from], [-1, size]);

/** `loose` gives some variables a tolerance of their own. */
export function checkGradients(
  of: VectorCase,
  gradients: ReadonlyMap<string, tf.Tensor>,
  tolerance: number,
  loose: (variable: string) => number = () => tolerance,
): void {
  const wanted = paramsOf(of, 'grads');
  const largest = wanted.reduce((most, { l2 }) => Math.max(most, l2 ?? 0), 0);
  const given = Array.isArray(of.inputs['params']) ? of : caseOf('tiny_dlp_variance');
  const shapes = new Map(paramsOf(given, 'params').map(({ name, shape }) => [name, shape]));
  for (const { name, l2 } of wanted) {
    const { variable, from } = placeOf(name);
    const gradient = gradients.get(variable);
    const [outputs = 0] = shapes.get(name) ?? [];
    const part = gradient && isMerged(variable) ? columnsOf(gradient, from, outputs) : gradient;
    const got = part ? tf.norm(part).dataSync()[0]! : 0;
    const error = Math.abs(got - (l2 ?? 0));
    expect(error, `${name}: ${got} for ${l2}`).toBeLessThanOrEqual(loose(variable) * ((l2 ?? 0) + 1e-3 * largest));
  }
}

export const modelVectors: Handlers = {
  tiny_dlp_variance(of) {
    const network = tinyModel();
    const inputs = input();
    const proposals = network.prior.proposals(inputs.x);
    near(proposals.positions, of.outputs['prior_global_kp'], of.tol_abs_rel, 'proposals');
    near(proposals.spread, of.outputs['prior_var'], of.tol_abs_rel, 'spread');
    const encoded = network.encode(inputs, PLAIN, null);
    const decoded = network.decode(encoded, PLAIN, null);
    for (const [name, tensor] of Object.entries(namedOutputs(encoded, decoded))) {
      near(tensor, of.outputs[name], of.tol_abs_rel, name);
    }
    const losses = of.outputs['losses'] as Named;
    const phases: Record<string, Phase> = {
      plain: PLAIN,
      noisy_priors: { warmup: false, noisy: true },
      warmup: { warmup: true, noisy: true },
    };
    for (const [name, phase] of Object.entries(phases)) {
      const got = dlpLoss(inputs, encoded, decoded, phase, params);
      checkLosses(got, losses[name] as Named, of.tol_abs_rel, name);
    }
    // One activation behind this bias is 2e-6 from its ReLU's kink: on which side, rounding decides.
    const bias = network.variables.get('features.backbone.0.bias')!;
    const gradientsAt = (nudge: number) => {
      bias.assign(tf.add(bias, nudge));
      return valueAndGradients(network.variables, () => {
        const latents = network.encode(inputs, PLAIN, null);
        return dlpLoss(inputs, latents, network.decode(latents, PLAIN, null), PLAIN, params);
      }).gradients;
    };
    const faults = [0, 5e-6, -1e-5].map((nudge) => {
      try {
        checkGradients(of, gradientsAt(nudge), 1e-3);
        return null;
      } catch (error) {
        return error;
      }
    });
    if (!faults.includes(null)) throw faults[0];
    network.dispose();
  },
  tiny_dlp_warmup_forward(of) {
    const network = tinyModel();
    const inputs = input();
    // The original's flags of the pass and of the loss may differ; here they are one.
    const pass: Phase = { warmup: true, noisy: false };
    const loss: Phase = { warmup: true, noisy: true };
    const encoded = network.encode(inputs, pass, null);
    const decoded = network.decode(encoded, pass, null);
    for (const [name, tensor] of Object.entries(namedOutputs(encoded, decoded))) {
      if (name in of.outputs) near(tensor, of.outputs[name], of.tol_abs_rel, name);
    }
    checkLosses(
      dlpLoss(inputs, encoded, decoded, loss, params),
      of.outputs['losses'] as Named,
      of.tol_abs_rel,
      'warmup',
    );
    const { gradients } = valueAndGradients(network.variables, () => {
      const latents = network.encode(inputs, pass, null);
      return dlpLoss(inputs, latents, network.decode(latents, pass, null), loss, params);
    });
    // One activation of block 2 is 7.5e-6 from its ReLU's kink, and torch's on the other side of it: what lies before feels it.
    checkGradients(of, gradients, 1e-3, (name) => (/^attributes\.cnn\.block[012]\./.test(name) ? 5e-2 : 1e-3));
    network.dispose();
  },
};
