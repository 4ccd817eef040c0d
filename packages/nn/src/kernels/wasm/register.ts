import * as tf from '@tensorflow/tfjs-core';
import { registerConvLayer } from '../convLayer.js';
import {
  GROUP_NORM,
  GROUP_NORM_GRADIENT,
  REPLICATE_PAD,
  REPLICATE_PAD_GRADIENT,
  UPSAMPLE,
  UPSAMPLE_GRADIENT,
} from '../images.js';
import { ADAM_UPDATE, adamUpdate } from './adamUpdate.js';
import { batchMatMul } from './batchMatMul.js';
import { conv2d } from './conv2d.js';
import { conv2dBackpropFilter } from './conv2dBackpropFilter.js';
import { conv2dBackpropInput } from './conv2dBackpropInput.js';
import { registerWasmKernel } from './heap.js';
import { groupNorm, groupNormGradient } from './groupNorm.js';
import { identity } from './identity.js';
import { leakyRelu } from './leakyRelu.js';
import { maxPoolGrad } from './maxPoolGrad.js';
import { replicatePad, replicatePadGradient, upsample, upsampleGradient } from './mixedImages.js';
import { slice, splitV } from './slice.js';
import { sum } from './sum.js';
import { unsortedSegmentSum } from './unsortedSegmentSum.js';

/** Adds what training needs and the wasm backend lacks, and replaces what it does slowly or wrongly. Before the backend starts; again is harmless. */
export function registerWasmKernels(): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, 'wasm')) return;
  registerWasmKernel(tf.Conv2DBackpropFilter, conv2dBackpropFilter);
  registerWasmKernel(tf.Conv2DBackpropInput, conv2dBackpropInput);
  registerWasmKernel(tf.UnsortedSegmentSum, unsortedSegmentSum);
  registerWasmKernel(tf.Conv2D, conv2d);
  registerWasmKernel(tf.MaxPoolGrad, maxPoolGrad);
  registerWasmKernel(tf.BatchMatMul, batchMatMul);
  registerWasmKernel(tf.Sum, sum);
  registerWasmKernel(tf.LeakyRelu, leakyRelu);
  registerWasmKernel(tf.Slice, slice);
  registerWasmKernel(tf.SplitV, splitV);
  registerWasmKernel(tf.Identity, identity);
  registerWasmKernel(ADAM_UPDATE, adamUpdate);
  registerWasmKernel(GROUP_NORM, groupNorm);
  registerWasmKernel(GROUP_NORM_GRADIENT, groupNormGradient);
  registerWasmKernel(REPLICATE_PAD, replicatePad);
  registerWasmKernel(REPLICATE_PAD_GRADIENT, replicatePadGradient);
  registerWasmKernel(UPSAMPLE, upsample);
  registerWasmKernel(UPSAMPLE_GRADIENT, upsampleGradient);
  registerConvLayer('wasm');
  registerConvLayer('cpu');
}
