import * as tf from '@tensorflow/tfjs-core';
import { extractGlimpses, fromHost, randomStreams, valueAndGradients } from '@trawl/nn';
import { expect } from 'vitest';
import { near } from '../dlp/compare.testing.js';
import { correlationMaps } from '../dlp/correlation.js';
import { checkGradients, checkLosses, namedOutputs, TINY } from '../dlp/model.suite.testing.js';
import { DlpParams } from '../dlp/params.js';
import type { Phase } from '../dlp/particleModel.js';
import { rowsOf } from '../dlp/stop.js';
import type { Handlers } from '../dlp/suite.testing.js';
import type { Named } from '../dlp/vectors.testing.js';
import { floats, numbers, paramsOf, shapeOf, weightsOf } from '../dlp/vectors.testing.js';
import { ddlpLoss } from './loss.js';
import { ddlpNetwork, latentsOf } from './network.js';
import type { Forecast, Scene } from './pint.js';
import { relativeBias } from './relativeBias.js';

type Value = Named[string] | undefined;
const tensor = <R extends tf.Rank>(value: Value, shape = shapeOf(value)): tf.Tensor<R> =>
  tf.tensor<R>(floats(value), shape as tf.ShapeMap[R]);
const nchw = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 3, 1, 2]);

const PLAIN: Phase = { warmup: false, noisy: false };
const params = {
  ...DlpParams.parse({ ...TINY, use_correlation_heatmaps: true }),
  timestep_horizon: 3,
  num_static_frames: 2,
  pint_dim: 16,
  pint_layers: 2,
  pint_heads: 2,
  predict_delta: true,
  reference: true,
  beta_dyn: 0.2,
  beta_dyn_rec: 0.5,
};

function checkForecast(forecast: Forecast, wanted: Named, tolerance: number): void {
  const got: Record<string, tf.Tensor> = {
    mu_dyn: forecast.position.mean,
    logvar_dyn: forecast.position.logvar,
    mu_features_dyn: forecast.feature.mean,
    logvar_features_dyn: forecast.feature.logvar,
    obj_on_a_dyn: forecast.a,
    obj_on_b_dyn: forecast.b,
    mu_depth_dyn: forecast.depth.mean,
    logvar_depth_dyn: forecast.depth.logvar,
    mu_scale_dyn: forecast.scale.mean,
    logvar_scale_dyn: forecast.scale.logvar,
    mu_bg_dyn: forecast.background.mean,
    logvar_bg_dyn: forecast.background.logvar,
  };
  for (const [name, value] of Object.entries(got)) near(value, wanted[name], tolerance, name);
}

function checkScene(scene: Scene, wanted: Named, tolerance: number): void {
  const got: Record<string, tf.Tensor> = {
    z_pos: scene.position,
    z_scale: scene.scale,
    z_obj_on: scene.transparency,
    z_depth: scene.depth,
    z_features: scene.feature,
    z_bg_features: scene.background,
  };
  for (const [name, value] of Object.entries(got)) near(value, wanted[name], tolerance, name);
}

export const videoVectors: Handlers = {
  correlation_maps({ inputs, outputs, tol_abs_rel }) {
    const columns = tf.transpose(tensor<tf.Rank.R4>(inputs['x']), [0, 2, 1, 3]);
    const places = tensor<tf.Rank.R2>(inputs['kp'], [2, 2]);
    const side = numbers(inputs['patch_size'])[0] ?? 0;
    const scale = tf.sigmoid(tensor<tf.Rank.R2>(inputs['z_scale'], [2, 2]));
    const glimpses = tf.clipByValue(extractGlimpses(columns, places, scale, side), 0, 1);
    const previous = tf.transpose(tensor<tf.Rank.R4>(inputs['previous_objects']), [0, 2, 3, 1]);
    const heat = correlationMaps(glimpses, tf.clipByValue(previous, 0, 1));
    near(nchw(tf.concat4d([glimpses, heat], 3)), outputs['with_prev'], tol_abs_rel, 'with a previous frame');
    const usual = extractGlimpses(columns, places, rowsOf(2, 2, side / 12), side);
    const none = tf.concat4d([usual, tf.zeros<tf.Rank.R4>([2, side, side, 1])], 3);
    near(nchw(none), outputs['without_prev_no_scale'], tol_abs_rel, 'without');
  },
  relative_bias({ inputs, outputs, tol_abs_rel }) {
    const [time, particle] = [tensor<tf.Rank.R2>(inputs['table_time']), tensor<tf.Rank.R2>(inputs['table_particle'])];
    near(relativeBias(time, 4), outputs['time_L4'], tol_abs_rel, 'time, 4');
    near(relativeBias(time, 3), outputs['time_L3'], tol_abs_rel, 'time, 3');
    near(relativeBias(particle, 3), outputs['particle_N3'], tol_abs_rel, 'particles, 3');
    near(relativeBias(particle, 2), outputs['particle_N2'], tol_abs_rel, 'particles, 2');
  },
  tiny_ddlp(of) {
    const { inputs, outputs, tol_abs_rel } = of;
    const network = ddlpNetwork(params, randomStreams(0));
    const weights = weightsOf(paramsOf(of, 'params'));
    expect(Object.keys(weights).toSorted()).toEqual([...network.variables.keys()].toSorted());
    fromHost(network.variables, weights);
    const x = tensor<tf.Rank.R5>(inputs['x']);
    const clips = tf.transpose(x, [0, 1, 3, 4, 2]);
    const columns = tf.transpose(x, [0, 1, 3, 2, 4]);

    const encoded = network.encode(clips, PLAIN, null);
    const decoded = network.decode(encoded, PLAIN, null);
    for (const [name, value] of Object.entries(namedOutputs(encoded, decoded))) {
      // Prior keypoints of later frames are padding, never used.
      const wanted = name === 'kp_p' ? numbers(outputs[name]).slice(0, value.size) : outputs[name];
      if (name in outputs) near(value, wanted, tol_abs_rel, name);
    }
    const forecast = network.predict(encoded, null);
    checkForecast(forecast, outputs, tol_abs_rel);
    const losses = outputs['losses'] as Named;
    const whole = ddlpLoss(columns, encoded, decoded, forecast, [1, 1], PLAIN, params);
    const wanted = losses['no_discount'] as Named;
    checkLosses(whole, wanted, tol_abs_rel, 'no discount');
    near(whole.loss_kl_dyn, wanted['kl_dyn'], tol_abs_rel, 'dynamics');
    // The fixture does not say its discount: these two solve its two equations.
    const less = ddlpLoss(columns, encoded, decoded, forecast, [0.2, 0.6], PLAIN, params);
    checkLosses(less, losses['discount'] as Named, tol_abs_rel, 'discount');
    near(less.loss_kl_dyn, (losses['discount'] as Named)['kl_dyn'], tol_abs_rel, 'dynamics, discount');
    const { gradients } = valueAndGradients(network.variables, () => {
      const latents = network.encode(clips, PLAIN, null);
      const shown = network.decode(latents, PLAIN, null);
      return ddlpLoss(columns, latents, shown, network.predict(latents, null), [1, 1], PLAIN, params);
    });
    checkGradients(of, gradients, 1e-3);

    const start = network.encode(tf.slice(clips, [0, 0, 0, 0, 0], [1, 2, 16, 16, 3]), PLAIN, null);
    const scene = network.rollOut(start, 2);
    // What is predicted from predictions has their rounding, too.
    checkScene(scene, outputs['sample_z'] as Named, 4 * tol_abs_rel);
    const shown = network.decode(latentsOf(scene), PLAIN, null).reconstruction;
    near(tf.transpose(shown, [0, 2, 1, 3]), outputs['sample_rec'], tol_abs_rel, 'rolled out');
    network.dispose();
  },
};
