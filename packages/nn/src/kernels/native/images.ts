import * as tf from '@tensorflow/tfjs-core';
import type { TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import { GROUP_NORM, GROUP_NORM_GRADIENT, REPLICATE_PAD, REPLICATE_PAD_GRADIENT } from '../images.js';
import { isNative } from '../native.js';

/** Our own ops (native/kernels.cc), which have been loaded. Again is harmless. */
export function registerImageKernels(): void {
  register(GROUP_NORM, 'TrawlGroupNorm', ['x', 'gamma', 'beta'], 3, true);
  const forGradient = ['dy', 'x', 'gamma', 'beta', 'mean', 'inverse'];
  register(GROUP_NORM_GRADIENT, 'TrawlGroupNormGradient', forGradient, 3, true);
  register(REPLICATE_PAD, 'TrawlReplicatePad', ['x'], 1, false);
  register(REPLICATE_PAD_GRADIENT, 'TrawlReplicatePadGradient', ['dy'], 1, false);
}

function register(kernelName: string, op: string, names: readonly string[], outputs: number, norm: boolean): void {
  if (tf.getKernel(kernelName, 'tensorflow')) return;
  tf.registerKernel({
    kernelName,
    backendName: 'tensorflow',
    kernelFunc({ inputs, attrs = {}, backend }) {
      if (!isNative(backend)) throw new Error(`${kernelName}: called on another backend`);
      const { TF_ATTR_INT, TF_ATTR_FLOAT } = backend.binding;
      const int = (name: string): TFEOpAttr => ({ name, type: TF_ATTR_INT, value: Number(attrs[name]) });
      const float = (name: string): TFEOpAttr => ({ name, type: TF_ATTR_FLOAT, value: Number(attrs[name]) });
      const all = norm ? [int('border'), int('groups'), int('relu'), float('epsilon')] : [int('border')];
      const given = names.map((name) => {
        const tensor = inputs[name];
        if (!(tensor instanceof tf.Tensor)) throw new Error(`${kernelName}: wanted ${name}`);
        return tensor;
      });
      return backend.executeMultipleOutputs(op, all, given, outputs);
    },
  });
}
