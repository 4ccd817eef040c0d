import * as tf from '@tensorflow/tfjs-core';
// For what it registers: every gradient and the cpu backend. In Node, tfjs-core alone has no gradients.
import '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import type { Backend, BackendChoice, OpenOptions } from '../contract.js';
import { BackendError } from '../errors.js';
import { registerGradients } from '../kernels/gradients.js';
import { registerWasmKernels } from '../kernels/wasm/register.js';

/**
 * Opens the backend that this process computes on. One a process: a second call must ask for the same one.
 *
 * `auto` takes the native build if one is installed, else wasm.
 * Throws BackendError, with the remedy, when the backend cannot be opened or lacks a kernel in `needs`.
 */
export async function openBackend(choice: BackendChoice, options: OpenOptions = {}): Promise<Backend> {
  if (choice === 'tfjs-node-gpu') throw new BackendError('tfjs-node-gpu: not built yet');
  tf.enableProdMode();
  registerGradients();
  registerWasmKernels();
  const name = choice === 'auto' ? 'wasm' : choice;
  if (!(await tf.setBackend(name))) throw new BackendError(`${name}: TensorFlow.js could not start this backend`);
  const missing = (options.needs ?? []).filter((kernel) => !tf.getKernel(kernel, name));
  if (missing.length > 0) throw new BackendError(`${name}: has no kernel ${missing.join(', ')}`);
  return {
    tf,
    info: {
      backend: name,
      device: 'cpu',
      threads: 1,
      versions: { 'tfjs-core': tf.version_core, node: process.version },
    },
  };
}
