import type { WasmKernel } from './heap.js';

/** A kernel of ours: one update of Adam, from `p`, `gradient`, `m`, `v` and, for amsgrad, `vmax`. Gives p; the moments change in place. */
export const ADAM_UPDATE = 'AdamUpdate';

/** Ten to fourteen kernels in one. */
export const adamUpdate: WasmKernel = (heap, { p, gradient, m, v, vmax }, attrs) => {
  if (!p || !gradient || !m || !v) throw new Error(`${ADAM_UPDATE}: wanted p, gradient, m and v`);
  const out = heap.make(p.shape);
  update(heap.floats(out), heap.floats(p), heap.floats(gradient), heap.floats(m), heap.floats(v), {
    // Without amsgrad the largest v is v.
    vmax: heap.floats(vmax ?? v),
    rate: Number(attrs['rate']),
    epsilon: Number(attrs['epsilon']),
    beta1: Number(attrs['beta1']),
    beta2: Number(attrs['beta2']),
    l2: Math.fround(Number(attrs['l2'])),
  });
  return out;
};

interface Rest {
  vmax: Float32Array;
  rate: number;
  epsilon: number;
  beta1: number;
  beta2: number;
  l2: number;
}

function update(
  out: Float32Array,
  p: Float32Array,
  gradient: Float32Array,
  m: Float32Array,
  v: Float32Array,
  { vmax, rate, epsilon, beta1, beta2, l2 }: Rest,
): void {
  const [fresh1, fresh2] = [1 - beta1, 1 - beta2];
  for (let i = 0; i < out.length; i += 1) {
    const at = p[i] ?? 0;
    const g = l2 === 0 ? (gradient[i] ?? 0) : Math.fround((gradient[i] ?? 0) + Math.fround(l2 * at));
    const first = (m[i] ?? 0) * beta1 + g * fresh1;
    const second = (v[i] ?? 0) * beta2 + g * g * fresh2;
    m[i] = first;
    v[i] = second;
    const largest = Math.max(vmax[i] ?? 0, second);
    vmax[i] = largest;
    out[i] = at - (rate * first) / (Math.sqrt(largest) + epsilon);
  }
}
