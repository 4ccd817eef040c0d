import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import { registerNativeKernels } from '../kernels/native.js';
import { registerImageKernels } from '../kernels/native/images.js';
import { ownIn } from '../native/own.js';

const require = createRequire(import.meta.url);

/**
 * Loads an addon and registers its backend, `tensorflow`.
 *
 * The npm package's own entry looks for the addon inside node_modules; this takes its parts from behind that entry,
 * so that the addon may lie in the cache.
 */
export function loadAddon(addon: string): { version: string; gpu: boolean } {
  // Gone from Node 23; the package, last released in 2024, still calls them.
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
  const ahead = ownIn(dirname(addon), 'ahead');
  // In the scope of the whole process, where the addon looks for TensorFlow's functions.
  if (ahead !== null) process.dlopen({ exports: {} }, ahead, constants.dlopen.RTLD_LAZY | constants.dlopen.RTLD_GLOBAL);
  const binding: TFJSBinding = require(addon);
  const kernels: {
    NodeJSKernelBackend: typeof NodeJSKernelBackend;
  } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js');
  if (tf.findBackendFactory('tensorflow')) return facts(binding);
  require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
  registerNativeKernels();
  // On a GPU they would have no kernels.
  if (!binding.isUsingGpuDevice() && loadKernels(dirname(addon))) registerImageKernels();
  tf.registerBackend('tensorflow', () => new kernels.NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'));
  return facts(binding);
}

const facts = (binding: TFJSBinding): { version: string; gpu: boolean } => ({
  version: binding.TF_Version,
  gpu: binding.isUsingGpuDevice(),
});

/** Loads our own ops, where the build has them. */
function loadKernels(dir: string): boolean {
  const file = ownIn(dir, 'kernels');
  if (file === null) return false;
  require(file);
  return true;
}
