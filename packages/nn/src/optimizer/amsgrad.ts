import * as tf from '@tensorflow/tfjs-core';
import type { HostTensors, Optimizer, Variables } from '../contract.js';
import { hostTensor, toHost } from '../variables.js';
import { type FusedOps, fusedOps, type Resource } from './fused.js';

export interface AmsgradOptions {
  learningRate: number;
  /** Coupled L2: l2 * p is added to every gradient, biases included, before the moments see it. */
  l2?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

const SLOTS = ['m', 'v', 'vmax'] as const;
type Slot = (typeof SLOTS)[number];
const STEP = 'optimizer/step';

/** How one backend keeps the moments of a variable and updates it. */
interface Update {
  step(variable: tf.Variable, name: string, gradient: tf.Tensor, t: number): void;
  read(name: string, slot: Slot): tf.Tensor;
  write(name: string, slot: Slot, value: tf.Tensor): void;
  dispose(): void;
}

/**
 * Adam with amsgrad, to PyTorch's formula (Reddi et al. 2018; bias correction as in torch.optim.Adam):
 *
 *   m = b1 m + (1 - b1) g        v = b2 v + (1 - b2) g^2        vmax = max(vmax, v)
 *   p = p - lr / (1 - b1^t) * m / (sqrt(vmax) / sqrt(1 - b2^t) + eps)
 *
 * A variable with no gradient in a step is left as it is, slots too, as torch leaves a parameter whose grad is None
 * (only that t counts steps of the whole). The variables must all be there when this is called.
 */
export function amsgrad(variables: Variables, options: AmsgradOptions): Optimizer {
  const settings = { l2: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options };
  const ops = fusedOps();
  const update = ops ? fusedUpdate(ops, variables, settings) : plainUpdate(variables, settings);
  const shapes = new Map([...variables].map(([name, variable]) => [name, variable.shape]));
  let t = 0;
  return {
    apply(gradients) {
      t += 1;
      for (const [name, variable] of variables) {
        const gradient = gradients.get(name);
        if (!gradient) continue;
        if (!shapes.has(name)) throw new Error(`optimizer: ${name} was added after the optimizer was made`);
        tf.tidy(() => {
          const g = settings.l2 === 0 ? gradient : tf.add(gradient, tf.mul(variable, settings.l2));
          update.step(variable, name, g, t);
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

type Settings = Required<AmsgradOptions>;

/** Fourteen kernels a variable, on any backend. */
function plainUpdate(variables: Variables, { learningRate, beta1, beta2, epsilon }: Settings): Update {
  const slots = new Map<string, tf.Variable>();
  for (const [name, { shape }] of variables) {
    for (const slot of SLOTS)
      slots.set(
        `${name}/${slot}`,
        tf.tidy(() => tf.variable(tf.zeros(shape), false)),
      );
  }
  const at = (name: string, slot: Slot): tf.Variable => {
    const variable = slots.get(`${name}/${slot}`);
    if (!variable) throw new Error(`optimizer: no slot ${name}/${slot}`);
    return variable;
  };
  return {
    step(variable, name, g, t) {
      const [m, v, vmax] = [at(name, 'm'), at(name, 'v'), at(name, 'vmax')];
      const rate = learningRate / (1 - beta1 ** t);
      const correction = 1 / Math.sqrt(1 - beta2 ** t);
      m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
      v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
      // max(vmax, v), to an ulp: wasm's own maximum branches on every value, 21 ms a million against 2 ms.
      vmax.assign(tf.add(vmax, tf.relu(tf.sub(v, vmax))));
      const denominator = tf.add(tf.mul(tf.sqrt(vmax), correction), epsilon);
      variable.assign(tf.sub(variable, tf.div(tf.mul(m, rate), denominator)));
    },
    read: (name, slot) => tf.clone(at(name, slot)),
    write: (name, slot, value) => at(name, slot).assign(value),
    dispose() {
      for (const variable of slots.values()) variable.dispose();
    },
  };
}

/**
 * TensorFlow's own op, three calls a variable. Two threads, 26 variables: 8.7 million parameters 25 ms against 102 ms
 * for the plain update (85 ms with all of them in one vector), 98,000 parameters 1.6 ms against 14.7 ms (6.1 ms).
 */
function fusedUpdate(ops: FusedOps, variables: Variables, { learningRate, beta1, beta2, epsilon }: Settings): Update {
  const zeros = (shape: number[]): Resource => {
    const resource = ops.create(shape);
    tf.tidy(() => ops.write(resource, tf.zeros(shape)));
    return resource;
  };
  const slots = new Map(
    [...variables].map(([name, { shape }]) => [
      name,
      { p: zeros(shape), m: zeros(shape), v: zeros(shape), vmax: zeros(shape) },
    ]),
  );
  const at = (name: string) => {
    const found = slots.get(name);
    if (!found) throw new Error(`optimizer: no slots of ${name}`);
    return found;
  };
  // The op takes 1 - beta in float32: its moments are biased by float32's beta, and so are corrected by that.
  const [b1, b2] = [Math.fround(beta1), Math.fround(beta2)];
  return {
    step(variable, name, gradient, t) {
      const own = at(name);
      const correction = Math.sqrt(1 - b2 ** t);
      const scalars = {
        zero: tf.scalar(0),
        rate: tf.scalar((learningRate * correction) / (1 - b1 ** t)),
        beta1: tf.scalar(beta1),
        beta2: tf.scalar(beta2),
        epsilon: tf.scalar(epsilon * correction),
      };
      // The model's variable is the one that counts; TensorFlow copies it once, before it writes.
      ops.write(own.p, variable);
      ops.amsgrad(own, scalars, gradient);
      variable.assign(ops.read(own.p));
    },
    read: (name, slot) => ops.read(at(name)[slot]),
    write: (name, slot, value) => ops.write(at(name)[slot], value),
    dispose() {
      for (const own of slots.values()) for (const resource of Object.values(own)) ops.destroy(resource);
    },
  };
}
