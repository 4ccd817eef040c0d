import * as tf from '@tensorflow/tfjs-core';
import type { TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import {
  GROUP_NORM,
  GROUP_NORM_GRADIENT,
  REPLICATE_PAD,
  REPLICATE_PAD_GRADIENT,
  UPSAMPLE,
  UPSAMPLE_GRADIENT,
} from '../images.js';
import { isNative } from '../native.js';

/** Our own ops (native/kernels), which have been loaded. Again is harmless. */
export function registerImageKernels(): void {
  const norm = ['border', 'groups', 'relu', 'epsilon'];
  register(GROUP_NORM, 'TrawlGroupNorm', ['x', 'gamma', 'beta'], 3, norm);
  const forGradient = ['dy', 'x', 'gamma', 'beta', 'mean', 'inverse'];
  register(GROUP_NORM_GRADIENT, 'TrawlGroupNormGradient', forGradient, 3, norm);
  register(REPLICATE_PAD, 'TrawlReplicatePad', ['x'], 1, ['border']);
  register(REPLICATE_PAD_GRADIENT, 'TrawlReplicatePadGradient', ['dy'], 1, ['border']);
  register(UPSAMPLE, 'TrawlUpsample', ['x'], 1, ['border', 'times']);
  register(UPSAMPLE_GRADIENT, 'TrawlUpsampleGradient', ['dy'], 1, ['border', 'times']);
}

function register(
  kernelName: string,
  op: string,
  names: readonly string[],
  outputs: number,
  attributes: readonly string[],
): void {
  if (tf.getKernel(kernelName, 'tensorflow')) return;
  tf.registerKernel({
    kernelName,
    backendName: 'tensorflow',
    kernelFunc({ inputs, attrs = {}, backend }) {
      if (!isNative(backend)) throw new Error(`${kernelName}: called on another backend`);
      const { TF_ATTR_INT, TF_ATTR_FLOAT } = backend.binding;
      const all = attributes.map((name): TFEOpAttr => {
        const type = name === 'epsilon' ? TF_ATTR_FLOAT : TF_ATTR_INT;
        return { name, type, value: Number(attrs[name]) };
      });
      const given = names.map((name) => {
        const tensor = inputs[name];
        if (!(tensor instanceof tf.Tensor)) throw new Error(`${kernelName}: wanted ${name}`);
        return tensor;
      });
      return backend.executeMultipleOutputs(op, all, given, outputs);
    },
  });
}
