import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer, RandomStream } from '@trawl/nn';
import { valueAndGradients } from '@trawl/nn';
import { Diverged } from '../contract.js';
import { psnrOf, ssim } from './images.js';
import type { Term } from './loss.js';
import { dlpLoss, TERMS } from './loss.js';
import type { Decoded, Encoded, Images, Phase } from './network.js';
import type { Model } from './run.js';
import { SETTLED } from './schedule.js';
import { noTerms } from './state.js';

export type Terms = Record<Term, number>;

/** Loss and, in one tensor so that one transfer reads them, all terms. */
interface Forward extends Record<string, tf.Tensor> {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}

function forward({ network, params }: Model, images: Images, phase: Phase, dice: RandomStream | null): Forward {
  const encoded = network.encode(images, phase, dice);
  const terms = dlpLoss(images, encoded, network.decode(encoded, phase, dice), phase, params);
  return { loss: terms.loss, report: stacked(terms) };
}

const stacked = (terms: Record<Term, tf.Scalar>): tf.Tensor1D =>
  tf.reshape(tf.stack(TERMS.map((term) => terms[term])), [TERMS.length]);

function termsOf(report: tf.Tensor1D): Terms {
  const values = report.dataSync<'float32'>();
  const terms = noTerms();
  TERMS.forEach((term, i) => (terms[term] = values[i] ?? Number.NaN));
  return terms;
}

/** One optimiser update from one batch. `dice` draws the noise of the posterior. */
export function trainStep(
  model: Model,
  optimizer: Optimizer,
  makeImages: () => Images,
  phase: Phase,
  dice: RandomStream,
): Terms {
  const terms: Terms[] = [];
  tf.tidy(() => {
    const images = makeImages();
    const { values, gradients } = valueAndGradients(model.network.variables, () => forward(model, images, phase, dice));
    optimizer.apply(gradients);
    terms.push(termsOf(values.report));
  });
  return terms[0] ?? noTerms();
}

/** The loss of a batch, no update. */
export function evaluateLoss(model: Model, makeImages: () => Images, dice: RandomStream | null): Terms {
  const report = tf.tidy(() => forward(model, makeImages(), SETTLED, dice).report);
  const terms = termsOf(report);
  report.dispose();
  return terms;
}

/** What posterior means say of each image and particle, on the host. */
export interface Seen {
  terms: Terms;
  /** An image. */
  psnr: Float32Array;
  ssim: Float32Array;
  /** [images * particles, 2], row and column in -1..1. */
  positions: Float32Array;
  /** [images * particles]. */
  visible: Float32Array;
  /** [images * particles, features]. */
  features: Float32Array;
}

export function see({ network, params }: Model, makeImages: () => Images): Seen {
  const seen: Seen[] = [];
  tf.tidy(() => {
    const images = makeImages();
    const encoded: Encoded = network.encode(images, SETTLED, null);
    const decoded: Decoded = network.decode(encoded, SETTLED, null);
    const terms = dlpLoss(images, encoded, decoded, SETTLED, params);
    const shown = tf.clipByValue(decoded.reconstruction, 0, 1);
    seen.push({
      terms: termsOf(stacked(terms)),
      psnr: psnrOf(images.columns, shown).dataSync<'float32'>(),
      ssim: ssim(images.columns, shown).dataSync<'float32'>(),
      positions: encoded.positionMean.dataSync<'float32'>(),
      visible: encoded.transparency.dataSync<'float32'>(),
      features: encoded.features.mean.dataSync<'float32'>(),
    });
  });
  const [result] = seen;
  if (!result) throw new Error('see: nothing was computed');
  return result;
}

/** @throws Diverged that names the first term which is not finite. */
export function assertFinite(terms: Terms, where: string): void {
  // The total comes last: a term that broke it says more.
  const broken = [...TERMS].toReversed().find((term) => !Number.isFinite(terms[term]));
  if (broken) throw new Diverged(`${broken} is ${terms[broken]} ${where}`);
}
