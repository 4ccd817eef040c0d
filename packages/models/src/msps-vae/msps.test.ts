import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { Trial } from '@trawl/datasets';
import { openBackend, randomStreams } from '@trawl/nn';
import type { RandomStream } from '@trawl/nn';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { chunksFor, drawTriplets, jointOrder, joinTrials } from '../ps-vae/joint.js';
import { tripletLoss } from './loss.js';
import { accuracyOf, fitClassifier } from './sessionClassifier.js';

await openBackend('cpu');

const matrix = z.array(z.array(z.number()));
/** Written by latent_metrics.py, an independent implementation. */
const golden = z
  .object({
    triplet: z.object({ sessions: z.array(matrix), loss: z.record(z.string(), z.number()) }),
    classifier: z.object({
      train: matrix,
      labels: z.array(z.int()),
      test: matrix,
      test_labels: z.array(z.int()),
      probability: matrix,
      accuracy: z.number(),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../../test/fixtures/latent_metrics.json', import.meta.url), 'utf8')));

/** Deals rows as they come. */
const inOrder: RandomStream = {
  ...randomStreams(0).get('x'),
  permutation: (n) => Array.from({ length: n }, (_, i) => i),
};

test.each([2, 3, 4])('the triplet loss of %i sessions is that of numpy', (count) => {
  const sessions = golden.triplet.sessions.slice(0, count);
  const triplets = drawTriplets(
    sessions.map(({ length }) => length),
    inOrder,
  );
  const got = tripletLoss(tf.tensor2d(sessions.flat()), triplets).dataSync()[0];
  expect(got).toBeCloseTo(golden.triplet.loss[count]!, 5);
});

const session = (row: number): number => [13, 25, 45].findIndex((end) => row < end);

test('each row has one role, and roles are dealt at random', () => {
  const frames = [13, 12, 20];
  const { anchor, positive, negative } = drawTriplets(frames, randomStreams(4).get('triplets'));
  const all = [...anchor, ...positive, ...negative];
  expect(new Set(all).size).toBe(all.length);
  expect(all).toHaveLength(3 * chunksFor(3) * Math.floor(12 / chunksFor(3)));
  anchor.forEach((row, i) => {
    expect(session(positive[i]!)).toBe(session(row));
    expect(session(negative[i]!)).not.toBe(session(row));
  });
  expect(drawTriplets(frames, randomStreams(5).get('triplets')).anchor).not.toEqual(anchor);
});

test('an epoch has one trial of each session in a batch, and as many batches whatever is drawn', () => {
  const sessionOf = [0, 0, 0, 0, 1, 1, 1, 2, 2];
  const trials = [0, 1, 2, 3, 4, 5, 6, 7];
  const draw = (seed: number) => jointOrder(trials, sessionOf, 2, randomStreams(seed).get('shuffle'));
  const order = draw(1);
  expect(order).toHaveLength(8);
  expect(new Set(order).size).toBe(8);
  for (let at = 0; at < 8; at += 2) expect(sessionOf[order[at]!]).not.toBe(sessionOf[order[at + 1]!]);
  expect(draw(2)).not.toEqual(order);
  expect(draw(2)).toHaveLength(8);
});

const trial = (nFrames: number, labelMasks: Float32Array | null): Trial => ({
  nFrames,
  frames: new Uint8Array(nFrames).fill(nFrames),
  labels: new Float32Array(nFrames),
  labelMasks,
  frameMasks: null,
  factors: null,
});

test('joined trials fill up the masks that only some have', () => {
  const joint = joinTrials([trial(3, null), trial(4, Float32Array.of(0, 1, 0, 1))], inOrder);
  expect(joint).toMatchObject({
    nFrames: 7,
    frames: Uint8Array.of(3, 3, 3, 4, 4, 4, 4),
    labelMasks: Float32Array.of(1, 1, 1, 0, 1, 0, 1),
    frameMasks: null,
  });
});

test('the session classifier is softmax regression with C = 1', () => {
  const { train, labels, test: rows, test_labels, probability, accuracy } = golden.classifier;
  const classifier = fitClassifier({ values: Float64Array.from(train.flat()), width: 3, sessions: labels }, 3);
  rows.forEach((row, i) => {
    classifier(Float64Array.from(row)).forEach((value, c) => expect(value).toBeCloseTo(probability[i]![c]!, 4));
  });
  const data = { values: Float64Array.from(rows.flat()), width: 3, sessions: test_labels };
  expect(accuracyOf(classifier, data)).toBe(accuracy);
});
