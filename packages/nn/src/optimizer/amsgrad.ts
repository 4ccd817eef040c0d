import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer, Variables } from '../contract.js';
import { hostTensor, toHost } from '../variables.js';

export interface AmsgradOptions {
  learningRate: number;
  /** Coupled L2: l2 * p is added to every gradient, biases included, before the moments see it. */
  l2?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

const SLOTS = ['m', 'v', 'vmax'] as const;
const STEP = 'optimizer/step';

/**
 * Adam with amsgrad, to PyTorch's formula (Reddi et al. 2018; bias correction as in torch.optim.Adam):
 *
 *   m = b1 m + (1 - b1) g        v = b2 v + (1 - b2) g^2        vmax = max(vmax, v)
 *   p = p - lr / (1 - b1^t) * m / (sqrt(vmax) / sqrt(1 - b2^t) + eps)
 *
 * A variable with no gradient in a step is left as it is, slots too, as torch leaves a parameter whose grad is None.
 */
export function amsgrad(variables: Variables, options: AmsgradOptions): Optimizer {
  const { learningRate, l2 = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const slots = new Map<string, tf.Variable>();
  for (const [name, variable] of variables) {
    for (const slot of SLOTS)
      slots.set(
        `${name}/${slot}`,
        tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
      );
  }
  const slot = (name: string): tf.Variable => {
    const found = slots.get(name);
    if (!found) throw new Error(`optimizer: no slot ${name}; the variable was added after the optimizer was made`);
    return found;
  };
  let step = 0;
  return {
    apply(gradients) {
      step += 1;
      const rate = learningRate / (1 - beta1 ** step);
      const correction = 1 / Math.sqrt(1 - beta2 ** step);
      for (const [name, variable] of variables) {
        const gradient = gradients.get(name);
        if (!gradient) continue;
        tf.tidy(() => {
          const g = l2 === 0 ? gradient : tf.add(gradient, tf.mul(variable, l2));
          const [m, v, vmax] = [slot(`${name}/m`), slot(`${name}/v`), slot(`${name}/vmax`)];
          m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
          v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
          vmax.assign(tf.maximum(vmax, v));
          const denominator = tf.add(tf.mul(tf.sqrt(vmax), correction), epsilon);
          variable.assign(tf.sub(variable, tf.div(tf.mul(m, rate), denominator)));
        });
      }
    },
    slots: () => ({ ...toHost(slots), [STEP]: { shape: [], data: Float32Array.of(step) } }),
    restore(tensors) {
      const saved = hostTensor(tensors, STEP, []);
      for (const [name, variable] of slots) {
        const tensor = hostTensor(tensors, name, variable.shape);
        tf.tidy(() => variable.assign(tf.tensor(tensor.data, variable.shape, 'float32')));
      }
      step = saved.data[0] ?? 0;
    },
    dispose() {
      for (const variable of slots.values()) variable.dispose();
    },
  };
}
