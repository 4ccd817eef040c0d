import * as tf from '@tensorflow/tfjs-core';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { BackendError } from '../../errors.js';

const guarded = new WeakSet<BackendWasm>();

/**
 * Makes the wasm backend throw when its memory (4 GB at most) is full: it takes the null that malloc returns for an
 * address, and goes on writing over its own heap. After the backend has started.
 */
export function guardWasmMemory(): void {
  const backend = tf.backend();
  if (!(backend instanceof BackendWasm) || guarded.has(backend)) return;
  guarded.add(backend);
  const move = backend.move.bind(backend);
  // Every tensor's memory comes from here. The values go in after the address was looked at.
  backend.move = (dataId, values, shape, dtype, refCount) => {
    if (dtype === 'string') return move(dataId, values, shape, dtype, refCount);
    move(dataId, null, shape, dtype, refCount);
    const tensor = { dataId, shape, dtype };
    const bytes = tf.util.sizeFromShape(shape) * tf.util.bytesPerElement(dtype);
    if (bytes > 0 && backend.getMemoryOffset(dataId) === 0) {
      backend.disposeData(dataId, true);
      throw new BackendError(
        `wasm: out of memory: ${bytes} bytes do not fit; use smaller batches, or the native backend`,
      );
    }
    if (values === null || Array.isArray(values)) return;
    const heap = backend.typedArrayFromHeap(tensor);
    new Uint8Array(heap.buffer, heap.byteOffset, bytes).set(new Uint8Array(values.buffer, values.byteOffset, bytes));
  };
}
