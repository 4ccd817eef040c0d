import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from '@trawl/nn';
import { valueAndGradients } from '@trawl/nn';
import { Diverged } from '../../contract.js';
import type { LoopModel, Terms } from './model.js';

/** Loss and, in one tensor so that one transfer reads them, all terms. */
interface Forward extends Record<string, tf.Tensor> {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}

type Loss = () => Record<string, tf.Scalar>;

function forward(names: readonly string[], loss: Loss): Forward {
  const terms = loss();
  const inOrder = names.map((name) => {
    const term = terms[name];
    if (!term) throw new Error(`loss: no term ${name}`);
    return term;
  });
  const [total] = inOrder;
  if (!total) throw new Error('loss: no terms');
  return { loss: total, report: tf.reshape(tf.stack(inOrder), [names.length]) };
}

/** What a report says, read from the device. */
export const termsOf = (names: readonly string[], values: Float32Array): Terms =>
  Object.fromEntries(names.map((name, i) => [name, values[i] ?? Number.NaN]));

/** One optimiser update; `loss` makes its batch, too. Returns what `termsOf` understands, still on the device. */
export function trainStep(
  { network, terms: names }: Pick<LoopModel, 'network' | 'terms'>,
  optimizer: Optimizer,
  loss: Loss,
): tf.Tensor1D {
  return tf.tidy(() => {
    const { values, gradients } = valueAndGradients(network.variables, () => forward(names, loss));
    optimizer.apply(gradients);
    return values.report;
  });
}

/** The loss of a batch, no update. */
export function evaluateLoss({ terms: names }: Pick<LoopModel, 'terms'>, loss: Loss): Terms {
  const report = tf.tidy(() => forward(names, loss).report);
  const terms = termsOf(names, report.dataSync<'float32'>());
  report.dispose();
  return terms;
}

/** @throws Diverged that names the first term which is not finite. */
export function assertFinite(terms: Terms, where: string): void {
  // The total comes first: a term that broke it says more.
  const broken = Object.keys(terms)
    .toReversed()
    .find((term) => !Number.isFinite(terms[term]));
  if (broken) throw new Diverged(`${broken} is ${terms[broken]} ${where}`);
}
