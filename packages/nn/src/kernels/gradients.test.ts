import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../backend/open.js';

beforeAll(() => openBackend('wasm'));

describe('gradients', () => {
  it('keeps the axes of a cumulative sum', () => {
    const gradient = tf.grad((x) => tf.sum(tf.mul(tf.cumsum(x, 0), tf.tensor2d([1, 2, 4, 8], [2, 2]))));
    expect([...gradient(tf.zeros([2, 2])).dataSync()]).toEqual([5, 10, 4, 8]);
  });

  it.each([1, 2, 8, 3000])('sends a leaky ReLU of %i values its slope below zero', (size) => {
    const gradient = tf.grad((x) => tf.leakyRelu(x, 0.25));
    expect(new Set(gradient(tf.mul(tf.ones([size]), -2)).dataSync())).toEqual(new Set([0.25]));
    expect(new Set(gradient(tf.mul(tf.ones([size]), 2)).dataSync())).toEqual(new Set([1]));
    expect(() => tf.grad((x) => tf.leakyRelu(x, -1))(tf.scalar(1))).toThrow('slope -1; allowed: 0 or more');
  });

  it('refuses what would be wrong', () => {
    const image = tf.zeros<tf.Rank.R4>([1, 4, 4, 1]);
    const resize = tf.grad((x) =>
      tf.image.resizeBilinear(tf.reshape<tf.Rank.R4>(x, [1, 4, 4, 1]), [8, 8], false, true),
    );
    expect(() => resize(image)).toThrow('no gradient with half-pixel centres');
    const pool = tf.grad((x) => tf.avgPool(tf.reshape<tf.Rank.R4>(x, [1, 4, 4, 1]), 3, 2, 'same'));
    expect(() => pool(image)).toThrow("no gradient with padding; pad the image and use 'valid'");
  });
});
