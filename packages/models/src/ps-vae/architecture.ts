import type { BehaveNetFile } from './architectureParam.js';

/** One convolution of the encoder; the decoder mirrors it. */
export interface ConvLayer {
  channels: number;
  /** Side of the square kernel, pixels. */
  kernel: number;
  stride: number;
}

/** Convolutions whose maps give positions instead of values to the latents. */
export interface PointEncoder {
  layers: ConvLayer[];
  /** How many mean positions. */
  feature_points: number;
}

type Name = 'behavenet' | 'small' | 'feature-points';
type Written = ConvLayer[] | PointEncoder | BehaveNetFile;
export type Architecture = Name | Written;

const NAMED: Record<Name, Written> = {
  behavenet: [
    { channels: 32, kernel: 5, stride: 2 },
    { channels: 64, kernel: 5, stride: 2 },
    { channels: 128, kernel: 5, stride: 2 },
    { channels: 256, kernel: 5, stride: 2 },
    { channels: 512, kernel: 5, stride: 5 },
  ],
  // Few channels where the frame is large: on wasm 40 ms a step of 32 frames of 32x32, against 60 for 16-32-64 with 5x5
  // kernels, for the same losses. Kernels that their stride divides leave no checkerboard and waste no taps going up.
  small: [
    { channels: 8, kernel: 4, stride: 2 },
    { channels: 32, kernel: 4, stride: 2 },
    { channels: 64, kernel: 4, stride: 2 },
  ],
  // Half the frame's resolution, and features of 13 pixels: what a part looks like, not where it is.
  'feature-points': {
    layers: [
      { channels: 16, kernel: 5, stride: 2 },
      { channels: 32, kernel: 5, stride: 1 },
    ],
    feature_points: 32,
  },
};

const written = (architecture: Architecture): Written =>
  typeof architecture === 'string' ? NAMED[architecture] : architecture;

export function layersOf(architecture: Architecture): readonly ConvLayer[] {
  const given = written(architecture);
  if (Array.isArray(given)) return given;
  if ('layers' in given) return given.layers;
  return given.ae_encoding_n_channels.map((channels, i) => ({
    channels,
    kernel: given.ae_encoding_kernel_size[i] ?? 1,
    stride: given.ae_encoding_stride_size[i] ?? 1,
  }));
}

/** 0: the latents see the last layer as it is. */
export function featurePointsOf(architecture: Architecture): number {
  const given = written(architecture);
  return 'feature_points' in given ? given.feature_points : 0;
}

/** Height and width before each layer and after the last, with TensorFlow's `same` padding: ceil(size / stride). */
export function sizesOf(
  layers: readonly ConvLayer[],
  height: number,
  width: number,
): [height: number, width: number][] {
  const sizes: [number, number][] = [[height, width]];
  for (const { stride } of layers) {
    const [h, w] = sizes.at(-1) ?? [height, width];
    sizes.push([Math.ceil(h / stride), Math.ceil(w / stride)]);
  }
  return sizes;
}
