import type { AxisForm, ParamValue } from '@trawl/spec';

/**
 * Computed values keep 12 digits: 0.1 + 2 x 0.1 is 0.3, a cell hashes as if its values had been written by hand, and
 * the last bit of a logarithm, in which engines differ, makes no other cell.
 */
export const tidy = (value: number): number => Number(value.toPrecision(12));

/** The values that an axis form stands for. */
export function axisValues(form: AxisForm): ParamValue[] {
  if (Array.isArray(form)) return form;
  if ('range' in form) {
    const [low, high, step] = form.range;
    // A step too many by rounding is none: (0.3 - 0) / 0.1 is 2.9999999999999996.
    const steps = Math.floor((high - low) / step + 1e-9);
    return Array.from({ length: steps + 1 }, (_, i) => Math.min(tidy(low + i * step), high));
  }
  const [low, high, n] = 'linspace' in form ? form.linspace : form.logspace;
  return Array.from({ length: n }, (_, i) => {
    if (i === 0) return low;
    if (i === n - 1) return high;
    const part = i / (n - 1);
    // Weighted ends, as high - low may overflow.
    return tidy('linspace' in form ? low * (1 - part) + high * part : low ** (1 - part) * high ** part);
  });
}
