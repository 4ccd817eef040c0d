import { convGeometry } from '../convGeometry.js';
import { builtIn, type WasmKernel } from './heap.js';

/**
 * The built-in kernel, with 'same' spelt out in rows and columns: where 'same' means no padding and a stride leaves
 * pixels over (12 wide, 3 taps, stride 4) XNNPACK refuses, and the built-in kernel returns zeros without a word.
 */
export const conv2d: WasmKernel = (heap, { x, filter }, attrs) => {
  if (!x || !filter) throw new Error('Conv2D: wanted x and filter');
  const dilated = [attrs['dilations'] ?? 1].flat().some((dilation) => Number(dilation) !== 1);
  if (attrs['pad'] !== 'same' || dilated) return heap.run(builtIn('Conv2D'), { x, filter }, attrs);
  const { h, w, fh, fw, sh, sw, oh, ow, top, left } = convGeometry(x.shape, filter.shape, attrs);
  const bottom = Math.max(0, (oh - 1) * sh + fh - h - top);
  const right = Math.max(0, (ow - 1) * sw + fw - w - left);
  return heap.run(
    builtIn('Conv2D'),
    { x, filter },
    {
      ...attrs,
      pad: [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
    },
  );
};
