import type { ConvGeometry } from './convGeometry.js';

/*
 * Where the windows of a convolution lie side by side, it and both its gradients are products of matrices:
 *
 *   y [rows, k] = patches(x) [rows, window] F [window, k]      rows = n oh ow, window = fh fw c
 *
 * A convolution proper first copies the filter into an order of its own, which is most of the work where the filter
 * is larger than the images, as in the last layer of an encoder.
 */

export interface Patches {
  rows: number;
  window: number;
  /** x with zeros around, so that windows fill it, [n, oh fh, ow fw, c]; null where they fill it already. */
  padded: { shape: number[]; rows: [before: number, after: number]; columns: [before: number, after: number] } | null;
  /** Padded x by window and by place in the window, [n, oh, fh, ow, fw, c], and the order that makes [rows, window] of it. */
  split: number[];
  perm: number[];
  /** `perm` of [n, oh, ow, fh, fw, c], which leads back to `split`. */
  gathered: number[];
  /** Whether `perm` moves anything. */
  moves: boolean;
}

/** Null where windows overlap or leave pixels out. */
export function patchesOf(g: ConvGeometry): Patches | null {
  const [bottom, right] = [g.oh * g.fh - g.h - g.top, g.ow * g.fw - g.w - g.left];
  if (g.fh !== g.sh || g.fw !== g.sw || bottom < 0 || right < 0) return null;
  const fills = [g.top, bottom, g.left, right].every((zeros) => zeros === 0);
  return {
    rows: g.n * g.oh * g.ow,
    window: g.fh * g.fw * g.c,
    padded: fills
      ? null
      : { shape: [g.n, g.oh * g.fh, g.ow * g.fw, g.c], rows: [g.top, bottom], columns: [g.left, right] },
    split: [g.n, g.oh, g.fh, g.ow, g.fw, g.c],
    perm: [0, 1, 3, 2, 4, 5],
    gathered: [g.n, g.oh, g.ow, g.fh, g.fw, g.c],
    moves: g.ow > 1 && g.fh > 1,
  };
}
