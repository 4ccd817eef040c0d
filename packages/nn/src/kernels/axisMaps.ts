/** Along one axis of an image: of every pixel of the result, the pixels that it is a weighted sum of. */
export type AxisMap = readonly (readonly Term[])[];
type Term = readonly [pixel: number, weight: number];

/** `n` pixels, the first and the last of them repeated `border` times outwards. */
export const repeated = (n: number, border: number): AxisMap =>
  Array.from({ length: n + 2 * border }, (_, i) => [[within(i - border, n), 1]]);

/**
 * Bilinear interpolation of `n` pixels to so many times as many: half-pixel centres, the outermost pixels repeated; then the
 * first and the last of the result `border` times outwards.
 */
export const interpolated = (n: number, times: number, border = 0): AxisMap =>
  Array.from({ length: times * n + 2 * border }, (_, i) => {
    const at = (within(i - border, times * n) + 0.5) / times - 0.5;
    const low = Math.floor(at);
    return [
      [within(low, n), 1 - (at - low)],
      [within(low + 1, n), at - low],
    ];
  });

const within = (i: number, n: number): number => Math.min(n - 1, Math.max(0, i));

/** The way back, to `n` pixels. */
export function transposed(map: AxisMap, n: number): AxisMap {
  const back: Term[][] = Array.from({ length: n }, () => []);
  map.forEach((terms, i) => {
    for (const [pixel, weight] of terms) back[pixel]?.push([i, weight]);
  });
  return back;
}
