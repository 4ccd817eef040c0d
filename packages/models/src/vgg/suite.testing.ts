import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { HostTensors } from '@trawl/nn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { mulberry32, uniforms } from '../dlp/vectors.testing.js';
import { perceptualDistance } from './distance.js';
import { lpipsOf } from './lpips.js';
import { LPIPS_WEIGHTS, VGG16_TENSORS } from './tensors.js';
import type { Vgg16 } from './vgg16.js';
import { vgg16 } from './vgg16.js';

/* Numbers that PyTorch gave (test/fixtures/vgg.py), with weights and images that both sides draw anew. */

const Case = z.object({
  side: z.int(),
  seeds: z.tuple([z.int(), z.int()]),
  losses: z.array(z.number()),
  /** Of the mean of the losses by the second images. */
  gradient: z.array(z.number()),
  norm: z.number(),
});
const file = new URL('../../../../test/fixtures/vgg.json', import.meta.url);
const Answers = z.object({
  perceptual: z.array(Case),
  lpips: Case.pick({ side: true, seeds: true }).extend({ values: z.array(z.number()) }),
});
const answers = Answers.parse(JSON.parse(readFileSync(file, 'utf8')));

const IMAGES = 2;

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Of VGG16 and LPIPS, as the fixture has them. */
export function drawnWeights(): HostTensors {
  const ofLpips = Object.entries(LPIPS_WEIGHTS).map(([name, shape], i): [string, HostTensors[string]] => [
    name,
    { shape: [...shape], data: uniforms(3000 + i, sizeOf(shape)) },
  ]);
  const ofVgg = Object.entries(VGG16_TENSORS).map(([name, shape]): [string, HostTensors[string]] => {
    const index = Number(name.split('.')[1]);
    const isBias = name.endsWith('.bias');
    const scale = isBias ? 0.1 : Math.sqrt(6 / sizeOf(shape.slice(1)));
    const draw = mulberry32((isBias ? 2000 : 1000) + index);
    // A loop: 15 million draws by a callback take seconds.
    const data = new Float32Array(sizeOf(shape));
    for (let i = 0; i < data.length; i += 1) data[i] = scale * (2 * Math.fround(draw()) - 1);
    return [name, { shape: [...shape], data }];
  });
  return Object.fromEntries([...ofVgg, ...ofLpips]);
}

const imagesOf = (seed: number, side: number): tf.Tensor4D =>
  tf.tensor4d(uniforms(seed, IMAGES * side * side * 3), [IMAGES, side, side, 3]);

/** On the backend that is open. */
export function vggSuite(): void {
  let weights: HostTensors;
  let vgg: Vgg16;
  let before: number;
  beforeAll(() => {
    before = tf.memory().numTensors;
    weights = drawnWeights();
    vgg = vgg16(weights);
  });
  afterAll(() => {
    vgg.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(answers.perceptual)('the perceptual distance of images of $side pixels, and its gradient', (wanted) => {
    const distance = perceptualDistance(vgg);
    tf.tidy(() => {
      const [x, y] = [imagesOf(wanted.seeds[0], wanted.side), imagesOf(wanted.seeds[1], wanted.side)];
      const losses = distance(x, y).dataSync();
      wanted.losses.forEach((loss, i) => expect(losses[i]! / loss).toBeCloseTo(1, 4));
      const slope = tf.grad((made) => tf.mean(distance(x, made as tf.Tensor4D)))(y);
      const got = slope.dataSync();
      const every = Math.max(1, Math.floor(got.length / 48));
      wanted.gradient.forEach((value, i) => {
        expect(Math.abs(got[i * every]! - value)).toBeLessThan((1e-2 * wanted.norm) / Math.sqrt(got.length));
      });
      expect(tf.norm(slope).dataSync()[0]! / wanted.norm).toBeCloseTo(1, 4);
    });
  });

  test('LPIPS, which is 0 of an image and itself', () => {
    const { side, seeds, values } = answers.lpips;
    const lpips = lpipsOf(vgg, weights);
    tf.tidy(() => {
      const [x, y] = [imagesOf(seeds[0], side), imagesOf(seeds[1], side)];
      const got = lpips(x, y).dataSync();
      values.forEach((value, i) => expect(got[i]! / value).toBeCloseTo(1, 5));
      expect([...lpips(x, x).dataSync()]).toEqual([0, 0]);
    });
  });
}
