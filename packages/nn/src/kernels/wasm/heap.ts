import * as tf from '@tensorflow/tfjs-core';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { memoryOf, type SimdKernels, simdKernels } from './simd/instance.js';

/** What a kernel of ours needs of the wasm backend. */
export interface WasmHeap {
  /** A new float32 tensor, its values undefined. */
  make(shape: number[]): tf.TensorInfo;
  /**
   * The values of a tensor, in place. Take them after the last `make` or `run`: an allocation may grow the
   * heap, which detaches every array that was taken before.
   */
  floats(tensor: tf.TensorInfo): Float32Array;
  ints(tensor: tf.TensorInfo): Int32Array;
  /** Calls a kernel outside of the tape; the result is the caller's to free. */
  run(kernel: string, inputs: Record<string, tf.TensorInfo>, attrs?: tf.NamedAttrMap): tf.TensorInfo;
  free(...tensors: tf.TensorInfo[]): void;
  /** The same values under a name of their own. */
  share(tensor: tf.TensorInfo): tf.TensorInfo;
  /** `shape` values from `offset` on, sharing memory: for `run` only. Give it to `dropView` before the tensor goes. */
  view(tensor: tf.TensorInfo, shape: number[], offset: number): tf.TensorInfo;
  dropView(view: tf.TensorInfo): void;
  /** Of a tensor's first value, in bytes; stays what it is when the heap grows. */
  address(tensor: tf.TensorInfo): number;
  /** All of it: the float32 at an address is that of a quarter of it. As short-lived as `floats`. */
  memory(): Float32Array;
  simd: SimdKernels;
}

const FLOAT_BYTES = 4;

function heapOf(backend: BackendWasm): WasmHeap {
  return {
    make: (shape) => backend.makeOutput(shape, 'float32'),
    floats(tensor) {
      const values = backend.typedArrayFromHeap(tensor);
      if (!(values instanceof Float32Array)) throw new Error(`wasm: wanted float32, got ${tensor.dtype}`);
      return values;
    },
    ints(tensor) {
      const values = backend.typedArrayFromHeap(tensor);
      if (!(values instanceof Int32Array)) throw new Error(`wasm: wanted int32, got ${tensor.dtype}`);
      return values;
    },
    run(kernel, inputs, attrs = {}) {
      const result = tf.getKernel(kernel, 'wasm').kernelFunc({ inputs, backend, attrs });
      if (Array.isArray(result)) throw new Error(`wasm: kernel ${kernel} has several outputs`);
      return result;
    },
    free(...tensors) {
      for (const tensor of tensors) backend.disposeData(tensor.dataId);
    },
    share(tensor) {
      backend.incRef(tensor.dataId);
      return { dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype };
    },
    view: (tensor, shape, offset) =>
      backend.makeOutput(shape, 'float32', backend.getMemoryOffset(tensor.dataId) + FLOAT_BYTES * offset),
    dropView(view) {
      // Not disposeData: that would free memory which is another tensor's.
      backend.wasm.tfjs.disposeData(backend.dataIdMap.get(view.dataId).id);
      backend.dataIdMap.delete(view.dataId);
    },
    address: (tensor) => backend.getMemoryOffset(tensor.dataId),
    memory: () => new Float32Array(memoryOf(backend).buffer),
    simd: simdKernels(backend),
  };
}

export type WasmKernel = (
  heap: WasmHeap,
  inputs: tf.NamedTensorInfoMap,
  attrs: tf.NamedAttrMap,
) => tf.TensorInfo | tf.TensorInfo[];

/** The name under which a built-in kernel that we replaced can still be run. */
export const builtIn = (kernelName: string): string => `${kernelName}BuiltIn`;

/** Registers a kernel of ours on the wasm backend, in the place of the built-in one if there is one. Before the backend starts. */
export function registerWasmKernel(kernelName: string, kernel: WasmKernel): void {
  const original: tf.KernelConfig | undefined = tf.getKernel(kernelName, 'wasm');
  if (original) {
    tf.registerKernel({ ...original, kernelName: builtIn(kernelName) });
    tf.unregisterKernel(kernelName, 'wasm');
  }
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc({ inputs, backend, attrs }) {
      if (!(backend instanceof BackendWasm)) throw new Error(`wasm: ${kernelName} was called on another backend`);
      return kernel(heapOf(backend), inputs, attrs ?? {});
    },
  });
}
