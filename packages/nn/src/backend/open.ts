import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
// For what it registers: every gradient and the cpu backend. In Node, tfjs-core alone has no gradients.
import '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import type { BackendInfo } from '@trawl/spec';
import type { Backend, BackendChoice, OpenOptions } from '../contract.js';
import { BackendError } from '../errors.js';
import { registerConvLayerGradient } from '../kernels/convLayer.js';
import { registerGradients } from '../kernels/gradients.js';
import { guardWasmMemory } from '../kernels/wasm/memory.js';
import { registerWasmKernels } from '../kernels/wasm/register.js';
import { findNative } from '../native/builds.js';
import { tellLibtensorflow } from './environment.js';
import { loadAddon } from './native.js';
import { listGpus } from './report.js';

const CHOICES: readonly BackendChoice[] = ['auto', 'tfjs-node-gpu', 'wasm', 'cpu'];

/**
 * Opens the backend that this process computes on. One a process: TensorFlow.js has one, and libtensorflow reads
 * its threads from the environment once, which this sets.
 *
 * `auto` takes the native build if one is installed, else wasm. Throws BackendError, with the remedy, when the
 * backend cannot be opened or lacks a kernel in `needs`.
 */
export async function openBackend(choice: BackendChoice, options: OpenOptions = {}): Promise<Backend> {
  if (!CHOICES.includes(choice)) throw new BackendError(`backend: was ${choice}; allowed: ${CHOICES.join(', ')}`);
  const { threads, needs = [], cacheDir } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new BackendError(`threads: was ${threads}; allowed: 1 or more`);
  }
  tf.enableProdMode();
  registerGradients();
  registerConvLayerGradient();
  const build = choice === 'auto' || choice === 'tfjs-node-gpu' ? await findNative(cacheDir) : null;
  if (choice === 'tfjs-node-gpu' && !build) {
    throw new BackendError(
      'tfjs-node-gpu: no native build is installed. Remedy: `trawl native install`, or backend auto.',
    );
  }
  const info = build ? await openNative(build.addon, threads) : await openPlain(choice === 'cpu' ? 'cpu' : 'wasm');
  const backend = { tf, info };
  requireKernels(backend, needs);
  return backend;
}

/** @throws BackendError naming the kernels (TensorFlow.js names) that the backend lacks, instead of the first use in epoch 40. */
export function requireKernels({ info }: Backend, names: readonly string[]): void {
  const missing = names.filter((kernel) => !tf.getKernel(kernel, tf.getBackend()));
  if (missing.length > 0)
    throw new BackendError(`${info.backend}: has no kernel ${missing.join(', ')}; use another backend`);
}

const VERSIONS = { node: process.version, 'tfjs-core': tf.version_core };

async function openNative(addon: string, threads: number | undefined): Promise<BackendInfo> {
  tellLibtensorflow(threads);
  const { version, gpu } = load(addon);
  await start('tensorflow', 'tfjs-node-gpu');
  return {
    backend: 'tfjs-node-gpu',
    device: gpu ? `gpu:0 ${(await listGpus())[0] ?? ''}`.trim() : 'cpu',
    threads: threads ?? availableParallelism(),
    versions: { ...VERSIONS, tensorflow: version },
  };
}

function load(addon: string): ReturnType<typeof loadAddon> {
  try {
    return loadAddon(addon);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BackendError(`tfjs-node-gpu: ${why}. Remedy: \`trawl native install\` anew, or backend wasm.`, {
      cause: error,
    });
  }
}

async function openPlain(backend: 'wasm' | 'cpu'): Promise<BackendInfo> {
  registerWasmKernels();
  await start(backend, backend);
  guardWasmMemory();
  return { backend, device: 'cpu', threads: 1, versions: VERSIONS };
}

async function start(name: string, shown: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new BackendError(`${shown}: TensorFlow.js could not start this backend`);
}
