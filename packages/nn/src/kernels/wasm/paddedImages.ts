import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvGeometry } from '../convGeometry.js';
import type { WasmHeap } from './heap.js';

/** What is read of an image: height x width pixels, that begin `top` rows and `left` columns before it (after, if negative). */
export interface Frame {
  height: number;
  width: number;
  top: number;
  left: number;
}

/** What the windows of a convolution read. */
export const windowFrame = (g: ConvGeometry): Frame => ({
  height: (g.oh - 1) * g.sh + g.fh,
  width: (g.ow - 1) * g.sw + g.fw,
  top: g.top,
  left: g.left,
});

/** Images of x, some at a time, with zeros around: so windows are read without asking where x ends. */
export interface PaddedImages {
  /** The address of `count` images from `first` on; until the next call. */
  at(first: number, count: number): number;
  free(): void;
}

const FLOAT = 4;

/** For at most `most` images at a time. */
export function paddedImages(heap: WasmHeap, x: TensorInfo, frame: Frame, most: number): PaddedImages {
  const [, h = 0, w = 0, c = 0] = x.shape;
  const { height, width, top, left } = frame;
  if (top === 0 && left === 0 && height === h && width === w) {
    return { at: (first) => heap.address(x) + first * h * w * c * FLOAT, free() {} };
  }
  const images = heap.make([most, height, width, c]);
  heap.floats(images).fill(0);
  const [firstRow, endRow] = [Math.max(0, top), Math.min(height, top + h)];
  const [firstColumn, endColumn] = [Math.max(0, left), Math.min(width, left + w)];
  const size = Math.max(0, endColumn - firstColumn) * c;
  return {
    at(first, count) {
      const all = heap.memory();
      const [from, to] = [heap.address(x) / FLOAT, heap.address(images) / FLOAT];
      for (let image = 0; image < count; image += 1) {
        for (let row = firstRow; row < endRow; row += 1) {
          const source = from + (((first + image) * h + row - top) * w + firstColumn - left) * c;
          all.copyWithin(to + ((image * height + row) * width + firstColumn) * c, source, source + size);
        }
      }
      return heap.address(images);
    },
    free: () => heap.free(images),
  };
}

/** Floats of images that are padded at once: 4 MB. */
const FLOATS = 2 ** 20;
/** Pixels that a filter, once read, should meet. */
const PIXELS = 256;

/** How many of `images` to compute at a time, of `size` floats and `pixels` outputs each. */
export function imagesAtOnce(images: number, size: number, pixels: number): number {
  return Math.max(1, Math.min(images, Math.ceil(PIXELS / pixels), Math.floor(FLOATS / size)));
}

/** Integers on the heap, to be read by our own WebAssembly. */
export function putIntegers(heap: WasmHeap, values: readonly number[]): TensorInfo {
  const tensor = heap.make([values.length]);
  const { buffer, byteOffset } = heap.floats(tensor);
  new Int32Array(buffer, byteOffset, values.length).set(values);
  return tensor;
}
