import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import type { TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import { isNative } from '../kernels/native.js';

/** A variable of TensorFlow's own, which its fused optimiser ops update in place. */
export interface Resource {
  handle: tf.Tensor;
  shape: number[];
}

/** TensorFlow's ops on resources, which TensorFlow.js has no names for. */
export interface FusedOps {
  create(shape: number[]): Resource;
  write(resource: Resource, value: tf.Tensor): void;
  read(resource: Resource): tf.Tensor;
  destroy(resource: Resource): void;
  /** A tensor without values, which takes no memory: to assign, never to compute with. */
  nothing(shape: number[]): tf.Tensor;
  /** One update of `p`, `m`, `v` and `vmax`: the formula of `amsgrad` with the bias corrections in `rate` and `epsilon`. */
  amsgrad(slots: AmsgradSlots, scalars: AdamScalars, gradient: tf.Tensor): void;
  /** The same without `vmax`: the formula of `adam`. */
  adam(slots: AdamSlots, scalars: AdamScalars, gradient: tf.Tensor): void;
}

export interface AdamSlots {
  p: Resource;
  m: Resource;
  v: Resource;
}

export interface AmsgradSlots extends AdamSlots {
  vmax: Resource;
}

export interface AdamScalars {
  zero: tf.Tensor;
  rate: tf.Tensor;
  beta1: tf.Tensor;
  beta2: tf.Tensor;
  epsilon: tf.Tensor;
}

/** The ops on the native backend, if they work there; null on another backend. */
export function fusedOps(): FusedOps | null {
  const backend = tf.backend();
  if (!isNative(backend)) return null;
  const ops = opsOf(backend);
  return works(ops) ? ops : null;
}

/** Tried once, since a GPU build may lack what a CPU build has. */
function works(ops: FusedOps): boolean {
  try {
    return tf.tidy(() => {
      const [p, m, v, vmax] = [ops.create([1]), ops.create([1]), ops.create([1]), ops.create([1])];
      for (const slot of [p, m, v, vmax]) ops.write(slot, tf.zeros([1]));
      const scalar = tf.scalar(0.5);
      ops.amsgrad(
        { p, m, v, vmax },
        { zero: tf.scalar(0), rate: scalar, beta1: scalar, beta2: scalar, epsilon: scalar },
        tf.ones([1]),
      );
      // m = v = 1/2, p = -(1/2 * 1/2) / (sqrt(1/2) + 1/2)
      const value = ops.read(p).dataSync()[0] ?? 0;
      for (const slot of [p, m, v, vmax]) ops.destroy(slot);
      return Math.abs(value + 0.25 / (Math.SQRT1_2 + 0.5)) < 1e-5;
    });
  } catch {
    return false;
  }
}

/** Resources are named; a name is never used again in a process. */
let created = 0;

function opsOf(backend: NodeJSKernelBackend): FusedOps {
  const { TF_ATTR_TYPE, TF_ATTR_STRING, TF_ATTR_SHAPE, TF_ATTR_BOOL, TF_FLOAT } = backend.binding;
  const type = (name: string): TFEOpAttr => ({ name, type: TF_ATTR_TYPE, value: TF_FLOAT });
  const text = (name: string, value: string): TFEOpAttr => ({ name, type: TF_ATTR_STRING, value });
  const flag = (name: string, value: boolean): TFEOpAttr => ({ name, type: TF_ATTR_BOOL, value });
  const act = (op: string, attrs: TFEOpAttr[], inputs: tf.Tensor[]): void => {
    backend.executeMultipleOutputs(op, attrs, inputs, 0);
  };
  return {
    create(shape) {
      created += 1;
      const attrs = [
        text('container', ''),
        text('shared_name', `trawl-${created}`),
        type('dtype'),
        { name: 'shape', type: TF_ATTR_SHAPE, value: shape },
      ];
      return { handle: tf.keep(backend.executeSingleOutput('VarHandleOp', attrs, [])), shape };
    },
    write: ({ handle }, value) => act('AssignVariableOp', [type('dtype')], [handle, value]),
    read: ({ handle }) => backend.executeSingleOutput('ReadVariableOp', [type('dtype')], [handle]),
    destroy({ handle }) {
      act('DestroyResourceOp', [flag('ignore_lookup_error', true)], [handle]);
      handle.dispose();
    },
    nothing: (shape) =>
      tf.engine().makeTensorFromTensorInfo({
        dataId: backend.write(new Float32Array(0), shape, 'float32'),
        shape,
        dtype: 'float32',
      }),
    amsgrad({ p, m, v, vmax }, { zero, rate, beta1, beta2, epsilon }, gradient) {
      act(
        'ResourceApplyAdamWithAmsgrad',
        [type('T'), flag('use_locking', false)],
        // With powers of beta of 0 the op corrects no bias: `rate` and `epsilon` hold the corrections, in float64.
        [p.handle, m.handle, v.handle, vmax.handle, zero, zero, rate, beta1, beta2, epsilon, gradient],
      );
    },
    adam({ p, m, v }, { zero, rate, beta1, beta2, epsilon }, gradient) {
      act(
        'ResourceApplyAdam',
        [type('T'), flag('use_locking', false), flag('use_nesterov', false)],
        [p.handle, m.handle, v.handle, zero, zero, rate, beta1, beta2, epsilon, gradient],
      );
    },
  };
}
