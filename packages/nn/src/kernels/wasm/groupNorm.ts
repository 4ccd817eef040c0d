import type { TensorInfo } from '@tensorflow/tfjs-core';
import { repeated } from '../axisMaps.js';
import { GROUP_NORM, GROUP_NORM_GRADIENT } from '../images.js';
import type { WasmHeap, WasmKernel } from './heap.js';
import { folded, mixTable } from './mixedImages.js';
import { putIntegers } from './paddedImages.js';

const FLOAT = 4;

/** The same as native/kernels computes. */
export const groupNorm: WasmKernel = (heap, { x, gamma, beta }, attrs) => {
  if (!x || !gamma || !beta) throw new Error(`${GROUP_NORM}: wanted x, gamma and beta`);
  const { n, h, w, c, perGroup, border, epsilon, least } = sizesOf(x, attrs);
  const [y, mean, inverse] = [heap.make([n, h + 2 * border, w + 2 * border, c]), heap.make([n, c]), heap.make([n, c])];
  const places = repeated(h, border).flatMap(([row]) =>
    repeated(w, border).map(([column]) => ((row?.[0] ?? 0) * w + (column?.[0] ?? 0)) * c * FLOAT),
  );
  const table = putIntegers(heap, places);
  const lines = channelLines(heap, c, ['shift', 'sum', 'square', 'factor', 'moved', 'least']);
  const { shift, sum, square, factor, moved } = lines.values;
  const [from, means, inverses] = [heap.floats(x), heap.floats(mean), heap.floats(inverse)];
  const [scale, offset] = [heap.floats(gamma), heap.floats(beta)];
  lines.values.least.fill(least);
  const count = h * w * perGroup;
  for (let image = 0; image < n; image += 1) {
    const source = heap.address(x) + image * h * w * c * FLOAT;
    const own = image * c;
    // Squares of differences to a pixel nearby: those of large values would leave nothing of a small variance.
    for (let i = 0; i < c; i += 1) shift[i] = from[image * h * w * c + i - (i % perGroup)] ?? 0;
    sum.fill(0);
    square.fill(0);
    heap.simd.pixelMoments(source, c * FLOAT, h, w, lines.at('shift'), lines.at('sum'));
    for (let first = 0; first < c; first += perGroup) {
      let [total, squares] = [0, 0];
      for (let i = first; i < first + perGroup; i += 1) {
        total += sum[i] ?? 0;
        squares += square[i] ?? 0;
      }
      const away = total / count;
      const rest = 1 / Math.sqrt(Math.max(0, squares / count - away * away) + epsilon);
      for (let i = first; i < first + perGroup; i += 1) {
        means[own + i] = (shift[i] ?? 0) + away;
        inverses[own + i] = rest;
        factor[i] = (inverses[own + i] ?? 0) * (scale[i] ?? 0);
        moved[i] = (offset[i] ?? 0) - (means[own + i] ?? 0) * (factor[i] ?? 0);
      }
    }
    const target = heap.address(y) + image * places.length * c * FLOAT;
    const [numbers, floor] = [lines.at('factor'), lines.at('least')];
    heap.simd.scaleAndShift(heap.address(table), places.length, source, c * FLOAT, numbers, floor, target);
  }
  heap.free(table);
  lines.free();
  return [y, mean, inverse];
};

export const groupNormGradient: WasmKernel = (heap, { dy, x, gamma, beta, mean, inverse }, attrs) => {
  if (!dy || !x || !gamma || !beta || !mean || !inverse)
    throw new Error(`${GROUP_NORM_GRADIENT}: wanted dy, x, gamma, beta, mean and inverse`);
  const { n, h, w, c, perGroup, border, least } = sizesOf(x, attrs);
  const [dx, dGamma, dBeta] = [heap.make(x.shape), heap.make([c]), heap.make([c])];
  const table = mixTable(heap, folded(h, border), folded(w, border), { w: w + 2 * border, c });
  const dz = heap.make([h, w, c]);
  const names = ['factor', 'moved', 'mean', 'sum', 'product', 'direct', 'slope', 'offset', 'least'] as const;
  const lines = channelLines(heap, c, names);
  const { factor, moved, sum, product, direct, slope, offset } = lines.values;
  const [scale, shift] = [heap.floats(gamma), heap.floats(beta)];
  const [means, inverses] = [heap.floats(mean), heap.floats(inverse)];
  const [byGamma, byBeta] = [new Float64Array(c), new Float64Array(c)];
  lines.values.least.fill(least);
  const [line, pixels, count] = [c * FLOAT, h * w, h * w * perGroup];
  const padded = (h + 2 * border) * (w + 2 * border);
  const between = heap.address(dz);
  for (let image = 0; image < n; image += 1) {
    const source = heap.address(x) + image * pixels * line;
    const own = image * c;
    for (let i = 0; i < c; i += 1) {
      factor[i] = (inverses[own + i] ?? 0) * (scale[i] ?? 0);
      moved[i] = (shift[i] ?? 0) - (means[own + i] ?? 0) * (factor[i] ?? 0);
      lines.values.mean[i] = means[own + i] ?? 0;
    }
    sum.fill(0);
    product.fill(0);
    let up = heap.address(dy) + image * padded * line;
    if (border > 0) {
      heap.simd.mixPixels(heap.address(table), pixels, up, line, between);
      up = between;
    }
    const floor = lines.at('least');
    heap.simd.passedSums(up, source, line, h, w, lines.at('factor'), floor, between, lines.at('sum'));
    for (let first = 0; first < c; first += perGroup) {
      const rest = inverses[own + first] ?? 0;
      let [all, bent] = [0, 0];
      for (let i = first; i < first + perGroup; i += 1) {
        const along = (product[i] ?? 0) * rest;
        all += (scale[i] ?? 0) * (sum[i] ?? 0);
        bent += (scale[i] ?? 0) * along;
        byGamma[i] = (byGamma[i] ?? 0) + along;
        byBeta[i] = (byBeta[i] ?? 0) + (sum[i] ?? 0);
      }
      for (let i = first; i < first + perGroup; i += 1) {
        direct[i] = factor[i] ?? 0;
        slope[i] = (-rest * rest * bent) / count;
        offset[i] = (-rest * all) / count - (slope[i] ?? 0) * (means[own + i] ?? 0);
      }
    }
    heap.simd.combinePixels(
      between,
      source,
      line,
      pixels,
      lines.at('direct'),
      heap.address(dx) + image * pixels * line,
    );
  }
  heap.floats(dGamma).set(byGamma);
  heap.floats(dBeta).set(byBeta);
  heap.free(table, dz);
  lines.free();
  return [dx, dGamma, dBeta];
};

interface Sizes {
  n: number;
  h: number;
  w: number;
  c: number;
  perGroup: number;
  border: number;
  epsilon: number;
  /** What y is at least. */
  least: number;
}

function sizesOf(x: TensorInfo, attrs: Parameters<WasmKernel>[2]): Sizes {
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const least = attrs['relu'] ? 0 : -Infinity;
  const [border, epsilon] = [Number(attrs['border']), Number(attrs['epsilon'])];
  return { n, h, w, c, perGroup: c / Number(attrs['groups']), border, epsilon, least };
}

/** Lines of c numbers on the heap, one below the other. The values are good until the next `make`. */
function channelLines<Name extends string>(heap: WasmHeap, c: number, names: readonly Name[]) {
  const tensor = heap.make([names.length, c]);
  const all = heap.floats(tensor);
  const entries = names.map((name, i) => [name, all.subarray(i * c, (i + 1) * c)]);
  return {
    // Built of the names.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    values: Object.fromEntries(entries) as Record<Name, Float32Array>,
    at: (name: Name): number => heap.address(tensor) + names.indexOf(name) * c * FLOAT,
    free: () => heap.free(tensor),
  };
}
