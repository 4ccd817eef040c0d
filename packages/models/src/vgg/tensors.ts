import type { TensorShapes } from '@trawl/spec';

/* What torchvision calls the layers of VGG16 (configuration D of Simonyan and Zisserman 2015): indices of its `features`. */

/** Convolutions of 3 x 3 with bias, each with a ReLU at the next index. */
export const CONVOLUTIONS: readonly { index: number; in: number; out: number }[] = [
  { index: 0, in: 3, out: 64 },
  { index: 2, in: 64, out: 64 },
  { index: 5, in: 64, out: 128 },
  { index: 7, in: 128, out: 128 },
  { index: 10, in: 128, out: 256 },
  { index: 12, in: 256, out: 256 },
  { index: 14, in: 256, out: 256 },
  { index: 17, in: 256, out: 512 },
  { index: 19, in: 512, out: 512 },
  { index: 21, in: 512, out: 512 },
  { index: 24, in: 512, out: 512 },
  { index: 26, in: 512, out: 512 },
  { index: 28, in: 512, out: 512 },
];
/** Maxima of 2 x 2. */
export const POOLS: readonly number[] = [4, 9, 16, 23, 30];

/** Kernels as torch stores them: out, in, rows, columns. */
export const VGG16_TENSORS: TensorShapes = Object.fromEntries(
  CONVOLUTIONS.flatMap(({ index, in: depth, out }): [string, number[]][] => [
    [`features.${index}.weight`, [out, depth, 3, 3]],
    [`features.${index}.bias`, [out]],
  ]),
);

/** Linear weights of LPIPS as its own files name them, of relu1_2, relu2_2, relu3_3, relu4_3 and relu5_3. */
export const LPIPS_WEIGHTS: TensorShapes = Object.fromEntries(
  [64, 128, 256, 512, 512].map((channels, i): [string, number[]] => [`lin${i}.model.1.weight`, [1, channels, 1, 1]]),
);
export const LPIPS_TENSORS: TensorShapes = { ...VGG16_TENSORS, ...LPIPS_WEIGHTS };
