import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream, RandomStreams, Variables } from '@trawl/nn';
import { disposeVariables } from '@trawl/nn';
import type { Build } from '../dlp/blocks.js';
import { glimpseSide } from '../dlp/geometry.js';
import type { DlpParams } from '../dlp/params.js';
import type { Decoded, Encoded, Latents, ParticleModel, Particles, Phase } from '../dlp/particleModel.js';
import { particleModel, sample } from '../dlp/particleModel.js';
import { stopped } from '../dlp/stop.js';
import type { DdlpParams } from './params.js';
import type { Forecast, Pint, Scene } from './pint.js';
import { pint } from './pint.js';

/** What a video needs beside the particles of an image. */
export type DynamicsParams = Pick<
  DdlpParams,
  'timestep_horizon' | 'num_static_frames' | 'pint_dim' | 'pint_layers' | 'pint_heads' | 'predict_delta' | 'reference'
>;

/** Posterior of b clips of t frames, k particles each. Rows go clip by clip, frame by frame: [b * t * k, ...]. */
export interface EncodedVideo extends Encoded {
  clips: number;
  frames: number;
}

export interface DdlpNetwork {
  variables: Variables;
  model: ParticleModel;
  /** Clips [b, t, size, size, c] in 0..1. `dice` null gives posterior means. */
  encode(clips: tf.Tensor5D, phase: Phase, dice: RandomStream | null): EncodedVideo;
  /** For each frame but the last, what comes next; `dice` draws dropout. */
  predict(encoded: EncodedVideo, dice: RandomStream | null): Forecast;
  decode(latents: Latents, phase: Phase, dice: RandomStream | null): Decoded;
  /** Latents of clips whose first frames are given, and `steps` more, each predicted from those before: posterior means. */
  rollOut(encoded: EncodedVideo, steps: number): Scene;
  dispose(): void;
}

/**
 * DDLP (Daniel and Tamar 2023): particles that keep their identity through a video, and a transformer that predicts them.
 * Source: taldatech/ddlp models.py, ObjectDynamicsDLP, at 5686275.
 */
export function ddlpNetwork(params: DlpParams & DynamicsParams, streams: RandomStreams): DdlpNetwork {
  const build: Build = { variables: new Map(), stream: streams.get('weights'), pad: params.pad_mode };
  const model = particleModel(build, params);
  const features = params.learned_feature_dim;
  const dynamics: Pint = pint(build, {
    dim: params.pint_dim,
    layers: params.pint_layers,
    heads: params.pint_heads,
    frames: params.timestep_horizon,
    particles: params.n_kp_enc,
    features,
    backgroundFeatures: params.bg_learned_feature_dim || features,
    delta: params.predict_delta,
    reference: params.reference,
  });
  const k = params.n_kp_enc;
  return {
    variables: build.variables,
    model,
    encode: (clips, phase, dice) => encodeVideo(model, params, clips, phase, dice),
    predict: (encoded, dice) => dynamics(firstFrames(sceneOf(encoded, k), encoded.frames - 1), dice),
    decode: (latents, phase, dice) => model.decode(latents, phase, dice),
    rollOut(encoded, steps) {
      let scene = sceneOf(encoded, k);
      for (let step = 0; step < steps; step += 1) {
        const past = scene;
        const length = Math.min(past.position.shape[1], params.timestep_horizon);
        scene = tf.tidy(() => ({ ...extended(past, dynamics(lastFrames(past, length), null), length) }));
      }
      return scene;
    },
    dispose: () => disposeVariables(build.variables),
  };
}

const columnsOf = (x: tf.Tensor4D): tf.Tensor4D => tf.transpose(x, [0, 1, 3, 2]);

function encodeVideo(
  model: ParticleModel,
  params: DlpParams & DynamicsParams,
  clips: tf.Tensor5D,
  phase: Phase,
  dice: RandomStream | null,
): EncodedVideo {
  const [b, t, size, , c] = clips.shape;
  const k = params.n_kp_enc;
  const side = glimpseSide(params.anchor_s, size);
  const early = phase.warmup || phase.noisy;
  const { prior } = model;
  const frameAt = (at: number): tf.Tensor4D =>
    tf.reshape(tf.slice(clips, [0, at, 0, 0, 0], [b, 1, size, size, c]), [b, size, size, c]);
  const proposed = Array.from({ length: Math.min(t, params.num_static_frames) }, (_, at) => {
    const x = frameAt(at);
    return prior.filter(prior.proposals(x), columnsOf(x), dice);
  });
  const steps: (Particles & { anchors: tf.Tensor2D })[] = [];
  for (let at = 0; at < t; at += 1) {
    const columns = columnsOf(frameAt(at));
    const before = steps.at(-1);
    if (before) {
      const anchors = stopped(before.position);
      const found = model.attributesAt(columns, anchors, early ? null : before.scale, early ? null : before.glimpses);
      steps.push({ ...model.particles(columns, anchors, found, phase, dice), anchors });
      continue;
    }
    const given = proposed[0]?.anchors;
    if (!given) throw new Error('ddlp: wants at least one frame and one static frame');
    const start = tf.reshape<tf.Rank.R2>(params.train_enc_prior ? given : stopped(given), [b * k, 2]);
    const first = model.attributesAt(columns, start, null);
    const anchors = tf.add<tf.Tensor2D>(start, first.offset);
    const second = model.attributesAt(columns, anchors, early ? null : first.scale);
    steps.push({ ...model.particles(columns, anchors, second, phase, dice), anchors });
  }

  type Step = Particles & { anchors: tf.Tensor2D };
  /** [b * k, ...] of each frame -> [b * t * k, ...]. */
  const joined = (parts: readonly tf.Tensor[]): tf.Tensor => {
    const [, ...rest] = parts[0]?.shape ?? [];
    const stacked = tf.stack(
      parts.map((part) => tf.reshape(part, [b, k, ...rest])),
      1,
    );
    return tf.reshape(stacked, [b * t * k, ...rest]);
  };
  const all = (pick: (step: Step) => tf.Tensor2D): tf.Tensor2D =>
    tf.reshape(joined(steps.map((step) => pick(step))), [b * t * k, -1]);
  const position = all((step) => step.position);
  const transparency = all((step) => step.transparency);
  const images = tf.reshape<tf.Rank.R4>(clips, [b * t, size, size, c]);
  const far = model.encodeBackground(images, position, transparency);
  const keypoints = tf.stack(
    proposed.map((each) => stopped(each.keypoints)),
    1,
  );
  return {
    clips: b,
    frames: t,
    prior: {
      keypoints: tf.reshape(keypoints, [b * proposed.length, -1, 2]),
      anchors: tf.reshape(
        tf.stack(
          proposed.map((each) => each.anchors),
          1,
        ),
        [b * proposed.length, k, 2],
      ),
    },
    anchors: tf.reshape(
      all((step) => step.anchors),
      [b * t, k, 2],
    ),
    attributes: {
      offset: all((step) => step.attributes.offset),
      offsetLogvar: all((step) => step.attributes.offsetLogvar),
      scale: all((step) => step.attributes.scale),
      scaleLogvar: all((step) => step.attributes.scaleLogvar),
      a: all((step) => step.attributes.a),
      b: all((step) => step.attributes.b),
      depth: all((step) => step.attributes.depth),
      depthLogvar: all((step) => step.attributes.depthLogvar),
    },
    positionMean: all((step) => step.positionMean),
    position,
    scale: all((step) => step.scale),
    depth: all((step) => step.depth),
    transparency,
    features: { mean: all((step) => step.features.mean), logvar: all((step) => step.features.logvar) },
    feature: all((step) => step.feature),
    glimpses: tf.reshape(joined(steps.map(({ glimpses }) => glimpses)), [b * t * k, side, side, c]),
    background: far,
    backgroundFeature: sample(far, dice),
  };
}

function sceneOf(encoded: EncodedVideo, k: number): Scene {
  const { clips: b, frames: t } = encoded;
  const particles = (x: tf.Tensor2D): tf.Tensor4D => tf.reshape(x, [b, t, k, -1]);
  return {
    position: particles(encoded.position),
    scale: particles(encoded.scale),
    transparency: particles(encoded.transparency),
    depth: particles(encoded.depth),
    feature: particles(encoded.feature),
    background: tf.reshape(encoded.backgroundFeature, [b, t, -1]),
  };
}

/** Some frames of it. */
export function cut(scene: Scene, begin: number, length: number): Scene {
  const particles = (x: tf.Tensor4D): tf.Tensor4D => {
    const [b, , k, d] = x.shape;
    return tf.slice4d(x, [0, begin, 0, 0], [b, length, k, d]);
  };
  const [b, , m] = scene.background.shape;
  return {
    position: particles(scene.position),
    scale: particles(scene.scale),
    transparency: particles(scene.transparency),
    depth: particles(scene.depth),
    feature: particles(scene.feature),
    background: tf.slice3d(scene.background, [0, begin, 0], [b, length, m]),
  };
}

const firstFrames = (scene: Scene, length: number): Scene => cut(scene, 0, length);
const lastFrames = (scene: Scene, length: number): Scene => cut(scene, scene.position.shape[1] - length, length);

/** The scene and one frame more: the means of the last of `length` forecasts. */
function extended(scene: Scene, forecast: Forecast, length: number): Scene {
  const [b, , k] = scene.position.shape;
  const particles = (past: tf.Tensor4D, next: tf.Tensor2D): tf.Tensor4D => {
    const d = past.shape[3];
    const frames = tf.reshape<tf.Rank.R4>(next, [b, length, k, d]);
    return tf.concat4d([past, tf.slice4d(frames, [0, length - 1, 0, 0], [b, 1, k, d])], 1);
  };
  const m = scene.background.shape[2];
  const far = tf.reshape<tf.Rank.R3>(forecast.background.mean, [b, length, m]);
  const [a, second] = [tf.maximum(forecast.a, 1e-5), tf.maximum(forecast.b, 1e-5)];
  return {
    position: particles(scene.position, forecast.position.mean),
    scale: particles(scene.scale, forecast.scale.mean),
    transparency: particles(scene.transparency, tf.div(a, tf.add(a, second))),
    depth: particles(scene.depth, forecast.depth.mean),
    feature: particles(scene.feature, forecast.feature.mean),
    background: tf.concat3d([scene.background, tf.slice3d(far, [0, length - 1, 0], [b, 1, m])], 1),
  };
}

/** Of all frames in turn, for the decoder. */
export function latentsOf(scene: Scene): Latents {
  const [b, t, k] = scene.position.shape;
  const rows = (x: tf.Tensor4D): tf.Tensor2D => tf.reshape(x, [b * t * k, -1]);
  return {
    position: rows(scene.position),
    scale: rows(scene.scale),
    transparency: rows(scene.transparency),
    depth: rows(scene.depth),
    feature: rows(scene.feature),
    backgroundFeature: tf.reshape(scene.background, [b * t, -1]),
  };
}
