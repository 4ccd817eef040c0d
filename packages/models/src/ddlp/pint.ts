import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '@trawl/nn';
import { addVariable, split } from '@trawl/nn';
import type { Build, Rows } from '../dlp/blocks.js';
import { gelu, layerNorm, mlp } from '../dlp/blocks.js';
import type { Gaussian } from '../dlp/particles.js';
import { halves } from '../dlp/particles.js';
import { relativeBias } from './relativeBias.js';

/** Latents of k particles over b clips of t frames, [b, t, k, ...], and of the background, [b, t, m]. */
export interface Scene {
  position: tf.Tensor4D;
  /** Before the sigmoid. */
  scale: tf.Tensor4D;
  transparency: tf.Tensor4D;
  depth: tf.Tensor4D;
  feature: tf.Tensor4D;
  background: tf.Tensor3D;
}

/** What the next frame is predicted to be: rows [b * t * k, ...], of the background [b * t, m]. */
export interface Forecast {
  position: Gaussian;
  scale: Gaussian;
  depth: Gaussian;
  feature: Gaussian;
  background: Gaussian;
  /** Of the Beta of transparency, [b * t * k, 1]. */
  a: tf.Tensor2D;
  b: tf.Tensor2D;
}

export interface PintSize {
  /** Width, layers, heads. */
  dim: number;
  layers: number;
  heads: number;
  /** Most frames, and particles without the background. */
  frames: number;
  particles: number;
  features: number;
  backgroundFeatures: number;
  /** Means are predicted as differences to the present. */
  delta: boolean;
  /** The original takes the predicted change of depth for its log-variance, too; all published runs have it. */
  reference: boolean;
}

const DROPOUT = 0.1;
const STD = 0.02;

/**
 * Particle interaction transformer: a GPT whose tokens are the particles of all frames, and the background as one more; a
 * token sees every particle of its own frame and those before. Positions in time and among the particles enter as biases
 * by distance. `dice` draws the dropout; null is none.
 */
export type Pint = (scene: Scene, dice: RandomStream | null) => Forecast;

export function pint(build: Build, size: PintSize): Pint {
  const { dim, layers, particles, features, backgroundFeatures } = size;
  const project = (name: string, width: number): Rows => mlp(build, `pint.in.${name}`, [width, dim, width], false);
  const inputs = {
    position: project('position', 2),
    scale: project('scale', 2),
    transparency: project('transparency', 1),
    depth: project('depth', 1),
    feature: project('feature', features),
  };
  const particle = mlp(build, 'pint.in.particle', [6 + features, dim, dim], false);
  const far = mlp(build, 'pint.in.background', [backgroundFeatures, dim, dim], false);
  const blocks = Array.from({ length: layers }, (_, i) => block(build, `pint.block${i}`, size));
  const norm = layerNorm(build, 'pint.norm', dim);
  const head = linear(build, 'pint.head', dim, dim, false);
  const backbone = mlp(build, 'pint.out', [dim, dim, dim], true);
  // In the order of the original's heads: row, column, scale, transparency, depth, features.
  const particleHead = mlp(build, 'pint.out.particle', [dim, 12 + 2 * features], false);
  const backgroundHead = mlp(build, 'pint.out.background', [dim, 2 * backgroundFeatures], false);

  return (scene, dice) => {
    const [b, t, k] = scene.position.shape;
    const rows = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [b * t * k, -1]);
    const now = {
      position: rows(scene.position),
      scale: rows(scene.scale),
      transparency: rows(scene.transparency),
      depth: rows(scene.depth),
      feature: rows(scene.feature),
      background: tf.reshape<tf.Rank.R2>(scene.background, [b * t, backgroundFeatures]),
    };
    const parts = tf.concat2d(
      [
        inputs.position(now.position),
        inputs.scale(now.scale),
        inputs.transparency(now.transparency),
        inputs.depth(now.depth),
        inputs.feature(now.feature),
      ],
      1,
    );
    const tokens = tf.concat(
      [tf.reshape(particle(parts), [b, t, k, dim]), tf.reshape(far(now.background), [b, t, 1, dim])],
      2,
    );
    // Particles outermost: [b, k + 1, t, dim].
    const ordered = tf.reshape<tf.Rank.R2>(tf.transpose(tokens, [0, 2, 1, 3]), [b * (k + 1) * t, dim]);
    const shape = { b, n: k + 1, t };
    const seen = blocks.reduce((x, layer) => layer(x, shape, dice), ordered);
    const out = tf.reshape(backbone(head(norm(seen))), [b, k + 1, t, dim]);
    const byFrame = tf.transpose(out, [0, 2, 1, 3]);
    const ofParticles = particleHead(tf.reshape(tf.slice(byFrame, [0, 0, 0, 0], [b, t, k, dim]), [b * t * k, dim]));
    const ofBackground = backgroundHead(tf.reshape(tf.slice(byFrame, [0, 0, k, 0], [b, t, 1, dim]), [b * t, dim]));
    return forecastOf(ofParticles, ofBackground, now, { ...size, particles });
  };
}

function forecastOf(
  all: tf.Tensor2D,
  background: tf.Tensor2D,
  now: { position: tf.Tensor2D; scale: tf.Tensor2D; depth: tf.Tensor2D; feature: tf.Tensor2D; background: tf.Tensor2D },
  { features, delta, reference }: PintSize,
): Forecast {
  const [row, rowLogvar, column, columnLogvar, scale, scaleLogvar, a, b, depth, depthLogvar, looks] = split(
    all,
    [1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 2 * features],
    1,
  );
  const from = (change: tf.Tensor2D, present: tf.Tensor2D): tf.Tensor2D => (delta ? tf.add(present, change) : change);
  const feature = halves(looks);
  const far = halves(background);
  return {
    position: {
      mean: from(tf.tanh(tf.concat2d([row, column], 1)), now.position),
      logvar: tf.concat2d([rowLogvar, columnLogvar], 1),
    },
    scale: { mean: from(scale, now.scale), logvar: scaleLogvar },
    a: tf.exp(a),
    b: tf.exp(b),
    depth: { mean: from(depth, now.depth), logvar: reference ? depth : depthLogvar },
    feature: { mean: from(feature.mean, now.feature), logvar: feature.logvar },
    background: { mean: from(far.mean, now.background), logvar: far.logvar },
  };
}

interface TokenShape {
  b: number;
  n: number;
  t: number;
}
type Layer = (x: tf.Tensor2D, shape: TokenShape, dice: RandomStream | null) => tf.Tensor2D;

/** x + attention(norm x), then x + MLP(norm x). */
function block(build: Build, name: string, size: PintSize): Layer {
  const { dim } = size;
  const norms = [layerNorm(build, `${name}.norm0`, dim), layerNorm(build, `${name}.norm1`, dim)] as const;
  const attend = attention(build, name, size);
  const wide = linear(build, `${name}.mlp.0`, dim, 4 * dim, true);
  const narrow = linear(build, `${name}.mlp.1`, 4 * dim, dim, true);
  return (x, shape, dice) => {
    const attended = tf.add<tf.Tensor2D>(x, dropped(attend(norms[0](x), shape, dice), dice));
    return tf.add(attended, dropped(narrow(gelu(wide(norms[1](attended)))), dice));
  };
}

function attention(build: Build, name: string, { dim, heads, frames, particles }: PintSize): Layer {
  const key = linear(build, `${name}.key`, dim, dim, false);
  const query = linear(build, `${name}.query`, dim, dim, false);
  const value = linear(build, `${name}.value`, dim, dim, false);
  const project = linear(build, `${name}.project`, dim, dim, false);
  const byTime = normalTable(build, `${name}.time`, 2 * frames - 1, heads);
  const byParticle = normalTable(build, `${name}.particle`, 2 * (particles + 1) - 1, heads);
  const width = dim / heads;
  return (x, { b, n, t }, dice) => {
    const tokens = n * t;
    const byHead = (y: tf.Tensor2D): tf.Tensor4D =>
      tf.transpose(tf.reshape<tf.Rank.R4>(y, [b, tokens, heads, width]), [0, 2, 1, 3]);
    const scores = tf.mul(tf.matMul(byHead(query(x)), byHead(key(x)), false, true), 1 / Math.sqrt(width));
    const time = tf.reshape(relativeBias(byTime, t), [heads, 1, t, 1, t]);
    const among = tf.reshape(relativeBias(byParticle, n), [heads, n, 1, n, 1]);
    const bias = tf.add(tf.add(time, among), tf.reshape(causal(t), [1, 1, t, 1, t]));
    const logits = tf.add(scores, tf.reshape(bias, [1, heads, tokens, tokens]));
    const weights = dropped(tf.reshape<tf.Rank.R2>(tf.softmax(logits), [-1, tokens]), dice);
    const mixed = tf.matMul(tf.reshape(weights, [b, heads, tokens, tokens]), byHead(value(x)));
    return project(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [b * tokens, dim]));
  };
}

/** 0 where a query may look, far below everything where a key is later: [t, t]. */
function causal(t: number): tf.Tensor2D {
  const values = Float32Array.from({ length: t * t }, (_, i) => (i % t > Math.floor(i / t) ? -1e9 : 0));
  return tf.tensor2d(values, [t, t]);
}

function dropped(x: tf.Tensor2D, dice: RandomStream | null): tf.Tensor2D {
  if (!dice) return x;
  const kept = dice.uniforms(x.size, 0, 1).map((value) => (value < DROPOUT ? 0 : 1 / (1 - DROPOUT)));
  return tf.mul(x, tf.tensor2d(kept, x.shape));
}

function normalTable({ variables, stream }: Build, name: string, rows: number, columns: number): tf.Tensor2D {
  const values = stream.normals(rows * columns).map((value) => STD * value);
  // A variable of rank 2, which its type does not say.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return addVariable(variables, name, [rows, columns], values) as unknown as tf.Tensor2D;
}

/** Initialised as GPT is: normal, biases 0. */
function linear(build: Build, name: string, from: number, to: number, biased: boolean): Rows {
  const kernel = normalTable(build, `${name}.kernel`, from, to);
  const bias = biased ? addVariable(build.variables, `${name}.bias`, [to], new Float32Array(to)) : null;
  return (x) => {
    const y = tf.matMul<tf.Tensor2D>(x, kernel);
    return bias ? tf.add<tf.Tensor2D>(y, bias) : y;
  };
}
