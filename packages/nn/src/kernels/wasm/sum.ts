import { builtIn, type WasmKernel } from './heap.js';

/**
 * Sums over leading axes are every bias's gradient. The built-in kernel transposes first (32,768 x 32: 18.8 ms against
 * 0.2 ms), and a product with ones takes 0.6 ms.
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
  const kept = attrs['keepDims'] ? [...axes].map(() => 1) : [];
  if (columns % 4 === 0) {
    const total = heap.make([...kept, ...rest]);
    heap.floats(total).fill(0);
    heap.simd.addRows(heap.address(x), rows, columns / 4, heap.address(total));
    return total;
  }
  const ones = heap.make([1, 1, rows]);
  heap.floats(ones).fill(1);
  const total = heap.run(
    builtIn('BatchMatMul'),
    { a: ones, b: { ...x, shape: [1, rows, columns] } },
    { transposeA: false, transposeB: false },
  );
  heap.free(ones);
  return { ...total, shape: [...kept, ...rest] };
};
