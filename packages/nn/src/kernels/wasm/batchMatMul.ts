import type { TensorInfo } from '@tensorflow/tfjs-core';
import { builtIn, type WasmHeap, type WasmKernel } from './heap.js';

/**
 * The built-in kernel calls XNNPACK only for one product of untransposed factors; all else runs in a plain loop,
 * 15 to 20 times slower (512x512x512: 16 ms against 250 ms), and so do both gradients of every dense layer.
 * Here the factors are transposed first, and the products of a batch called one by one.
 */
export const batchMatMul: WasmKernel = (heap, { a, b }, attrs) => {
  if (!a || !b) throw new Error('BatchMatMul: wanted a and b');
  const left = attrs['transposeA'] ? lastTwoSwapped(heap, a) : a;
  const right = attrs['transposeB'] ? lastTwoSwapped(heap, b) : b;
  const result = untransposed(heap, left, right);
  if (left !== a) heap.free(left);
  if (right !== b) heap.free(right);
  return result;
};

const PLAIN = { transposeA: false, transposeB: false };

function untransposed(heap: WasmHeap, a: TensorInfo, b: TensorInfo): TensorInfo {
  const [m = 0, inner = 0] = a.shape.slice(-2);
  const n = b.shape.at(-1) ?? 0;
  const batch = a.shape.slice(0, -2);
  const count = batch.reduce((x, y) => x * y, 1);
  const sameBatch = batch.join() === b.shape.slice(0, -2).join();
  // Broadcast batches, empty ones and mismatched sizes are the built-in kernel's.
  if (count < 2 || !sameBatch || inner !== b.shape.at(-2)) return heap.run(builtIn('BatchMatMul'), { a, b }, PLAIN);
  const out = heap.make([...batch, m, n]);
  for (let i = 0; i < count; i += 1) {
    const one = heap.view(a, [1, m, inner], i * m * inner);
    const other = heap.view(b, [1, inner, n], i * inner * n);
    const product = heap.run(builtIn('BatchMatMul'), { a: one, b: other }, PLAIN);
    heap.floats(out).set(heap.floats(product), i * m * n);
    heap.dropView(one);
    heap.dropView(other);
    heap.free(product);
  }
  return out;
}

function lastTwoSwapped(heap: WasmHeap, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = [...x.shape.keys()];
  perm.splice(rank - 2, 2, rank - 1, rank - 2);
  return heap.run('Transpose', { x }, { perm });
}
