import * as tf from '@tensorflow/tfjs-core';
import type { HostTensors, Optimizer, Variables } from '../contract.js';
import { hostTensor, toHost } from '../variables.js';
import { type AdamSlots, type FusedOps, fusedOps, type Resource } from './fused.js';

export interface AdamOptions {
  learningRate: number;
  /** Coupled L2 (torch's `weight_decay`): l2 * p is added to every gradient before the moments see it. */
  l2?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

export interface ScheduledOptimizer extends Optimizer {
  /** From the next update on: a schedule's part. Not among the slots. */
  setLearningRate(rate: number): void;
}

const SLOTS = ['m', 'v'] as const;
type Slot = (typeof SLOTS)[number];
const STEP = 'optimizer/step';

/** One update's numbers; bias corrections are in `rate` and `epsilon`. */
interface Numbers {
  rate: number;
  epsilon: number;
}

/** How one backend keeps the moments of a variable and updates it. */
interface Update {
  /** The betas that the moments are really decayed by. */
  betas: [beta1: number, beta2: number];
  step(variable: tf.Variable, name: string, gradient: tf.Tensor, numbers: Numbers): void;
  read(name: string, slot: Slot): tf.Tensor;
  write(name: string, slot: Slot, value: tf.Tensor): void;
  dispose(): void;
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
  const { l2, beta1, beta2, epsilon, learningRate } = { l2: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options };
  const ops = fusedOps();
  const update = ops ? fusedUpdate(ops, variables, beta1, beta2) : plainUpdate(variables, beta1, beta2);
  const shapes = new Map([...variables].map(([name, variable]) => [name, variable.shape]));
  let t = 0;
  let base = learningRate;
  return {
    setLearningRate(rate) {
      base = rate;
    },
    apply(gradients) {
      t += 1;
      const [b1, b2] = update.betas;
      const correction = Math.sqrt(1 - b2 ** t);
      const numbers = { rate: (base * correction) / (1 - b1 ** t), epsilon: epsilon * correction };
      for (const [name, variable] of variables) {
        const gradient = gradients.get(name);
        if (!gradient) continue;
        if (!shapes.has(name)) throw new Error(`optimizer: ${name} was added after the optimizer was made`);
        tf.tidy(() => {
          update.step(variable, name, l2 === 0 ? gradient : tf.add(gradient, tf.mul(variable, l2)), numbers);
        });
      }
    },
    slots() {
      const tensors: HostTensors = { [STEP]: { shape: [], data: Float32Array.of(t) } };
      for (const name of shapes.keys()) {
        for (const slot of SLOTS) {
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
        SLOTS.map((slot) => ({ name, slot, tensor: hostTensor(tensors, `${name}/${slot}`, shape) })),
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

function plainUpdate(variables: Variables, beta1: number, beta2: number): Update {
  const slots = new Map<string, tf.Variable>();
  for (const [name, { shape }] of variables) {
    for (const slot of SLOTS) {
      const zeros = tf.tidy(() => tf.variable(tf.zeros(shape), false));
      slots.set(`${name}/${slot}`, zeros);
    }
  }
  const at = (name: string, slot: Slot): tf.Variable => {
    const variable = slots.get(`${name}/${slot}`);
    if (!variable) throw new Error(`optimizer: no slot ${name}/${slot}`);
    return variable;
  };
  return {
    betas: [beta1, beta2],
    step(variable, name, g, { rate, epsilon }) {
      const [m, v] = [at(name, 'm'), at(name, 'v')];
      m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
      v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
      variable.assign(tf.sub(variable, tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), epsilon))));
    },
    read: (name, slot) => tf.clone(at(name, slot)),
    write: (name, slot, value) => at(name, slot).assign(value),
    dispose() {
      for (const variable of slots.values()) variable.dispose();
    },
  };
}

/** TensorFlow's own op, three calls a variable: see `amsgrad`. */
function fusedUpdate(ops: FusedOps, variables: Variables, beta1: number, beta2: number): Update {
  const zeros = (shape: number[]): Resource => {
    const resource = ops.create(shape);
    tf.tidy(() => ops.write(resource, tf.zeros(shape)));
    return resource;
  };
  const slots = new Map(
    [...variables].map(([name, { shape }]): [string, AdamSlots] => [
      name,
      { p: zeros(shape), m: zeros(shape), v: zeros(shape) },
    ]),
  );
  const at = (name: string): AdamSlots => {
    const found = slots.get(name);
    if (!found) throw new Error(`optimizer: no slots of ${name}`);
    return found;
  };
  return {
    // The op takes 1 - beta in float32: its moments are biased by float32's beta, and so are corrected by that.
    betas: [Math.fround(beta1), Math.fround(beta2)],
    step(variable, name, gradient, { rate, epsilon }) {
      const own = at(name);
      const scalars = {
        zero: tf.scalar(0),
        rate: tf.scalar(rate),
        beta1: tf.scalar(beta1),
        beta2: tf.scalar(beta2),
        epsilon: tf.scalar(epsilon),
      };
      // The model's variable is the one that counts; TensorFlow copies it once, before it writes.
      ops.write(own.p, variable);
      ops.adam(own, scalars, gradient);
      variable.assign(ops.read(own.p));
    },
    read: (name, slot) => ops.read(at(name)[slot]),
    write: (name, slot, value) => ops.write(at(name)[slot], value),
    dispose() {
      for (const { p, m, v } of slots.values()) for (const resource of [p, m, v]) ops.destroy(resource);
    },
  };
}
