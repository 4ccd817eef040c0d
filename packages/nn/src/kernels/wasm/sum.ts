import { builtIn, type WasmKernel } from './heap.js';

/**
 * Sums over leading axes are every bias's gradient. The built-in kernel transposes first; a product with ones
 * needs no copy (32,768 x 32: 0.4 ms against 18.8 ms).
 */
export const sum: WasmKernel = (heap, { x }, attrs) => {
  if (!x) throw new Error('Sum: wanted x');
  const rank = x.shape.length;
  const axes = new Set([attrs['axis'] ?? [...x.shape.keys()]].flat().map((axis) => (Number(axis) + rank) % rank));
  const summed = axes.size;
  const leading = [...axes].every((axis) => axis < summed);
  const rows = x.shape.slice(0, summed).reduce((a, b) => a * b, 1);
  const rest = x.shape.slice(summed);
  const columns = rest.reduce((a, b) => a * b, 1);
  if (x.dtype !== 'float32' || !leading || summed === 0 || summed === rank || rows * columns === 0) {
    return heap.run(builtIn('Sum'), { x }, attrs);
  }
  const ones = heap.make([1, 1, rows]);
  heap.floats(ones).fill(1);
  const total = heap.run(
    builtIn('BatchMatMul'),
    { a: ones, b: { ...x, shape: [1, rows, columns] } },
    { transposeA: false, transposeB: false },
  );
  heap.free(ones);
  const kept = attrs['keepDims'] ? [...axes].map(() => 1) : [];
  return { ...total, shape: [...kept, ...rest] };
};
