import type { WasmKernel } from './heap.js';

/** out[s, ...] = sum over i with segmentIds[i] = s of x[i, ...]: the gradient of a gather. Negative ids are left out. */
export const unsortedSegmentSum: WasmKernel = (heap, { x, segmentIds }, attrs) => {
  if (!x || !segmentIds) throw new Error('UnsortedSegmentSum: wanted x and segmentIds');
  const segments = Number(attrs['numSegments']);
  const [count = 0, ...rest] = x.shape;
  const size = rest.reduce((a, b) => a * b, 1);
  const out = heap.make([segments, ...rest]);
  const to = heap.floats(out);
  const from = heap.floats(x);
  const ids = heap.ints(segmentIds);
  to.fill(0);
  for (let i = 0; i < count; i += 1) {
    const segment = ids[i] ?? -1;
    if (segment < 0) continue;
    if (segment >= segments) throw new Error(`UnsortedSegmentSum: id ${segment}; allowed: below ${segments}`);
    for (let e = 0; e < size; e += 1) {
      const target = segment * size + e;
      to[target] = (to[target] ?? 0) + (from[i * size + e] ?? 0);
    }
  }
  return out;
};
