import * as tf from '@tensorflow/tfjs-core';
import { addVariable } from '@trawl/nn';
import type { Build, Rows } from './blocks.js';
import { gelu, layerNorm, mlp } from './blocks.js';
import { constant } from './stop.js';

/** Rows [b * k, width] of the k particles of b images, and where those are, [b * k, 2]. */
export type ParticleAttention = (x: tf.Tensor2D, positions: tf.Tensor2D) => tf.Tensor2D;

/** Standard deviation of the frequencies that positions are seen at. */
const SIGMA = 10;

/**
 * The particles of an image see each other: x plus an embedding of the positions, then a transformer block of one head,
 *
 *   x + attention(norm x), then x + MLP(norm x).
 *
 * Positions are seen as cosines and sines of random frequencies (Tancik et al. 2020), which nothing trains; they are among
 * the variables, since weights mean nothing without them. No gradient reaches the positions.
 * Source: taldatech/ddlp modules/modules.py, AttentionBlock and CoordinateEncoding, at 5686275.
 */
export function particleAttention(build: Build, name: string, width: number, k: number): ParticleAttention {
  const { variables, stream } = build;
  const half = width / 2;
  const drawn = stream.normals(2 * half).map((value) => SIGMA * value);
  const frequencies = addVariable(variables, `${name}.frequencies`, [2, half], drawn);
  const widen = mlp(build, `${name}.position0`, [2 + width, 4 * width], false);
  const narrow = mlp(build, `${name}.position1`, [4 * width, width], false);
  const norms = [layerNorm(build, `${name}.norm0`, width), layerNorm(build, `${name}.norm1`, width)] as const;
  const linear = (layer: string): Rows => mlp(build, `${name}.${layer}`, [width, width], false);
  const [key, query, value, project] = [linear('key'), linear('query'), linear('value'), linear('project')];
  const last = mlp(build, `${name}.mlp`, [width, 2 * width, width], false);

  const seenFrom = (positions: tf.Tensor2D): tf.Tensor2D =>
    constant(() => {
      const angles = tf.mul<tf.Tensor2D>(
        tf.matMul(positions, tf.reshape<tf.Rank.R2>(frequencies, [2, half])),
        2 * Math.PI,
      );
      return tf.concat2d([tf.cos(angles), tf.sin(angles), positions], 1);
    });
  return (x, positions) => {
    const placed = tf.add<tf.Tensor2D>(x, narrow(gelu(widen(seenFrom(positions)))));
    const tokens = norms[0](placed);
    const together = (rows: tf.Tensor2D): tf.Tensor3D => tf.reshape(rows, [-1, k, width]);
    const scores = tf.mul(tf.matMul(together(query(tokens)), together(key(tokens)), false, true), 1 / Math.sqrt(width));
    const mixed = tf.matMul(tf.softmax(scores), together(value(tokens)));
    const attended = tf.add<tf.Tensor2D>(placed, project(tf.reshape(mixed, x.shape)));
    return tf.add(attended, last(norms[1](attended)));
  };
}
