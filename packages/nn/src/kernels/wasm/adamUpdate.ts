import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmHeap, WasmKernel } from './heap.js';

/** A kernel of ours: one update of Adam, from `p`, `gradient`, `m`, `v` and, for amsgrad, `vmax`. Gives p; the moments change in place. */
export const ADAM_UPDATE = 'AdamUpdate';

const LANES = 4;
const FLOAT = 4;

/** Ten to fourteen kernels in one. */
export const adamUpdate: WasmKernel = (heap, { p, gradient, m, v, vmax }, attrs) => {
  if (!p || !gradient || !m || !v) throw new Error(`${ADAM_UPDATE}: wanted p, gradient, m and v`);
  const out = heap.make(p.shape);
  const [rate, epsilon, l2] = [Number(attrs['rate']), Number(attrs['epsilon']), Number(attrs['l2'])];
  const [beta1, beta2] = [Number(attrs['beta1']), Number(attrs['beta2'])];
  const size = p.shape.reduce((a, b) => a * b, 1);
  const rest = size % LANES;
  const numbers = [rate, epsilon, l2, beta1, 1 - beta1, beta2, 1 - beta2];
  // Without amsgrad the largest v is v.
  const arrays = [out, p, gradient, m, v, vmax ?? v];
  const addresses = arrays.map((array) => heap.address(array));
  if (size > rest) heap.simd.adamStep((size - rest) / LANES, ...addresses, ...numbers);
  if (rest > 0) withRoom(heap, arrays, size - rest, rest, (copies) => heap.simd.adamStep(1, ...copies, ...numbers));
  return out;
};

/** Calls with the addresses of four values each, of which the first are the arrays' last. */
function withRoom(
  heap: WasmHeap,
  arrays: readonly TensorInfo[],
  begin: number,
  count: number,
  use: (addresses: number[]) => void,
): void {
  const different = [...new Set(arrays)];
  const room = heap.make([different.length * LANES]);
  const places = heap.floats(room);
  const values = different.map((array) => heap.floats(array));
  values.forEach((array, i) => places.set(array.subarray(begin, begin + count), i * LANES));
  use(arrays.map((array) => heap.address(room) + different.indexOf(array) * LANES * FLOAT));
  values.forEach((array, i) => array.set(places.subarray(i * LANES, i * LANES + count), begin));
  heap.free(room);
}
