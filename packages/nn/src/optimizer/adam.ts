import * as tf from '@tensorflow/tfjs-core';
import type { HostTensors, Optimizer, Variables } from '../contract.js';
import { hostTensor, toHost } from '../variables.js';
import { adamUpdate, type Change, type Slot } from './update.js';

export interface AdamOptions {
  learningRate: number;
  /** Coupled L2 (torch's `weight_decay`): l2 * p is added to every gradient, biases included, before the moments see it. */
  l2?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

export interface ScheduledOptimizer extends Optimizer {
  /** From the next update on: a schedule's part. Not among the slots. */
  setLearningRate(rate: number): void;
}

/**
 * Adam to PyTorch's formula (Kingma and Ba 2014; bias correction as in torch.optim.Adam):
 *
 *   m = b1 m + (1 - b1) g        v = b2 v + (1 - b2) g^2
 *   p = p - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
 *
 * A variable with no gradient in a step is left as it is, slots too, as torch leaves a parameter whose grad is None
 * (only that t counts steps of the whole). The variables must all be there when this is called.
 */
export function adam(variables: Variables, options: AdamOptions): ScheduledOptimizer {
  return optimizer(variables, options, ['m', 'v']);
}

/**
 * Adam with amsgrad (Reddi et al. 2018), as torch.optim.Adam(amsgrad=True): like `adam`, with
 *
 *   vmax = max(vmax, v)        p = p - lr / (1 - b1^t) * m / (sqrt(vmax) / sqrt(1 - b2^t) + eps)
 */
export function amsgrad(variables: Variables, options: AdamOptions): ScheduledOptimizer {
  return optimizer(variables, options, ['m', 'v', 'vmax']);
}

const STEP = 'optimizer/step';

function optimizer(variables: Variables, options: AdamOptions, slots: readonly Slot[]): ScheduledOptimizer {
  const { l2, beta1, beta2, epsilon, learningRate } = { l2: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options };
  const update = adamUpdate(variables, { slots, beta1, beta2, l2 });
  const shapes = new Map([...variables].map(([name, variable]) => [name, variable.shape]));
  let t = 0;
  let base = learningRate;
  return {
    setLearningRate(rate) {
      base = rate;
    },
    apply(gradients) {
      t += 1;
      const changes: Change[] = [];
      for (const [name, variable] of variables) {
        const gradient = gradients.get(name);
        if (!gradient) continue;
        if (!shapes.has(name)) throw new Error(`optimizer: ${name} was added after the optimizer was made`);
        changes.push({ name, variable, gradient });
      }
      const [b1, b2] = update.betas;
      const correction = Math.sqrt(1 - b2 ** t);
      update.apply(changes, { rate: (base * correction) / (1 - b1 ** t), epsilon: epsilon * correction });
    },
    slots() {
      const tensors: HostTensors = { [STEP]: { shape: [], data: Float32Array.of(t) } };
      for (const name of shapes.keys()) {
        for (const slot of slots) {
          // Nothing is returned: tidy would look for tensors in every number of what is.
          tf.tidy(() => {
            Object.assign(tensors, toHost(new Map([[`${name}/${slot}`, update.read(name, slot)]])));
          });
        }
      }
      return tensors;
    },
    restore(tensors) {
      const saved = hostTensor(tensors, STEP, []);
      const wanted = [...shapes].flatMap(([name, shape]) =>
        slots.map((slot) => ({ name, slot, tensor: hostTensor(tensors, `${name}/${slot}`, shape) })),
      );
      for (const { name, slot, tensor } of wanted) {
        // A copy: the native backend computes on the array itself.
        tf.tidy(() => update.write(name, slot, tf.tensor(tensor.data.slice(), tensor.shape, 'float32')));
      }
      t = saved.data[0] ?? 0;
    },
    dispose: () => update.dispose(),
  };
}
