/*
 * Resizing of bytes as the original's loaders have it. Each output pixel weighs the input pixels below a support; rows and
 * columns are apart, so a plan of one axis serves all of its lines.
 */

/** Which input pixels make an output pixel, and with what weights. */
interface Taps {
  first: number;
  weights: Float64Array;
}

export type Resample = 'bicubic' | 'area';

/** Pillow's cubic, a = -0.5. */
function cubic(at: number): number {
  const x = Math.abs(at);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/** Fixed point of Pillow: 32 bits, less 8 of the value and 2 to spare. */
const SHARES = 2 ** 22;

/** As Pillow's `resize` with BICUBIC: the kernel grows with the reduction, so that nothing is skipped. */
function bicubicTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = 2 * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: end - first }, (__, tap) => cubic((first + tap - centre + 0.5) / stretch));
    const total = raw.reduce((a, b) => a + b, 0);
    const whole = raw.map((weight) => {
      const share = (weight / total) * SHARES;
      return Math.trunc(share + (share < 0 ? -0.5 : 0.5)) / SHARES;
    });
    return { first, weights: Float64Array.from(whole) };
  });
}

/** As OpenCV's INTER_AREA when it reduces: the mean of what an output pixel covers. */
function areaTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * scale, Math.min(from, (i + 1) * scale)];
    const first = Math.floor(start + 1e-9);
    const last = Math.max(first + 1, Math.ceil(end - 1e-9));
    const covered = Array.from({ length: last - first }, (__, tap) =>
      Math.max(0, Math.min(end, first + tap + 1) - Math.max(start, first + tap)),
    );
    const total = covered.reduce((a, b) => a + b, 0);
    return { first, weights: Float64Array.from(covered, (share) => share / total) };
  });
}

/** Resizes [height, width, channels] to a square; keeps the plans of the size that it saw last. */
export function resizer(
  side: number,
  how: Resample,
): (pixels: Uint8Array, height: number, width: number) => Uint8Array {
  let plans: { height: number; width: number; rows: Taps[]; columns: Taps[] } | null = null;
  return (pixels, height, width) => {
    if (height === side && width === side) return pixels;
    if (plans === null || plans.height !== height || plans.width !== width) {
      // Where it enlarges, OpenCV interpolates; the cubic is nearer to that than repeated pixels.
      const taps = (from: number): Taps[] =>
        how === 'area' && from >= side ? areaTaps(from, side) : bicubicTaps(from, side);
      plans = { height, width, rows: taps(height), columns: taps(width) };
    }
    const channels = pixels.length / (height * width);
    // Only bicubic rounds between the passes, as Pillow does; an area is one mean.
    const exact = how === 'area';
    const narrow = new Float64Array(height * side * channels);
    alongColumns(pixels, narrow, plans.columns, height, width, channels, exact);
    const small = new Uint8Array(side * side * channels);
    alongRows(narrow, small, plans.rows, side * channels);
    return small;
  };
}

/** Halves go up, as in both libraries' integers. */
const toByte = (value: number): number => Math.max(0, Math.min(255, Math.floor(value + 0.5)));

function alongColumns(
  pixels: Uint8Array,
  out: Float64Array,
  taps: Taps[],
  height: number,
  width: number,
  channels: number,
  exact: boolean,
): void {
  let at = 0;
  for (let y = 0; y < height; y += 1) {
    for (const { first, weights } of taps) {
      for (let c = 0; c < channels; c += 1) {
        let sum = 0;
        let from = (y * width + first) * channels + c;
        for (let tap = 0; tap < weights.length; tap += 1, from += channels)
          sum += (weights[tap] ?? 0) * (pixels[from] ?? 0);
        out[at++] = exact ? sum : toByte(sum);
      }
    }
  }
}

/** `line` values a row. */
function alongRows(pixels: Float64Array, out: Uint8Array, taps: Taps[], line: number): void {
  let at = 0;
  for (const { first, weights } of taps) {
    for (let x = 0; x < line; x += 1) {
      let sum = 0;
      let from = first * line + x;
      for (let tap = 0; tap < weights.length; tap += 1, from += line) sum += (weights[tap] ?? 0) * (pixels[from] ?? 0);
      out[at++] = toByte(sum);
    }
  }
}
