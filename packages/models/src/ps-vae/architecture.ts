import type { BehaveNetFile } from './architectureParam.js';

/** One convolution of the encoder; the decoder mirrors it. */
export interface ConvLayer {
  channels: number;
  /** Side of the square kernel, pixels. */
  kernel: number;
  stride: number;
}

export type Architecture = 'behavenet' | 'small' | ConvLayer[] | BehaveNetFile;

const NAMED: Record<'behavenet' | 'small', readonly ConvLayer[]> = {
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
};

export function layersOf(architecture: Architecture): readonly ConvLayer[] {
  if (typeof architecture === 'string') return NAMED[architecture];
  if (Array.isArray(architecture)) return architecture;
  return architecture.ae_encoding_n_channels.map((channels, i) => ({
    channels,
    kernel: architecture.ae_encoding_kernel_size[i] ?? 1,
    stride: architecture.ae_encoding_stride_size[i] ?? 1,
  }));
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
