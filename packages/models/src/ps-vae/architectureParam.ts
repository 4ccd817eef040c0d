import { z } from 'zod';

const layer = z
  .strictObject({
    channels: z.int().min(1).max(1024),
    kernel: z.int().min(1).max(11).meta({ description: 'side of the square kernel, pixels' }),
    stride: z.int().min(1).max(8),
  })
  .refine(({ kernel, stride }) => stride <= kernel, {
    error: 'stride is larger than kernel: pixels would go unseen',
    params: { allowed: 'a stride up to the kernel' },
  });

const perLayer = (least: number, most: number) => z.array(z.int().min(least).max(most)).min(1).max(8);
const off = z.literal([0, false]).default(0);
/** Written by BehaveNet itself or meant for decoders of their own: it follows from the rest. */
const follows = z.json().optional().meta({ description: 'follows from the rest' });

/** BehaveNet's architecture file (ae_arch_default.json), without its comments in JSON, with them in YAML. */
const behaveNetFile = z
  .strictObject({
    ae_network_type: z.literal('strides_only').default('strides_only').meta({ description: 'no max pooling here' }),
    ae_padding_type: z.literal('same').default('same'),
    ae_batch_norm: off.meta({ description: 'no batch norm here' }),
    ae_batch_norm_momentum: z.null().default(null),
    symmetric_arch: z.literal([1, true]).default(1).meta({ description: 'the decoder mirrors the encoder' }),
    ae_encoding_n_channels: perLayer(1, 1024),
    ae_encoding_kernel_size: perLayer(1, 11),
    ae_encoding_stride_size: perLayer(1, 8),
    ae_encoding_layer_type: z.array(z.literal('conv')).optional(),
    ae_decoding_last_FF_layer: off.meta({ description: 'no dense layer after the last' }),
    n_input_channels: follows,
    y_pixels: follows,
    x_pixels: follows,
    ae_input_dim: follows,
    n_ae_latents: follows,
    ae_encoding_x_dim: follows,
    ae_encoding_y_dim: follows,
    ae_encoding_x_padding: follows,
    ae_encoding_y_padding: follows,
    ae_decoding_n_channels: follows,
    ae_decoding_kernel_size: follows,
    ae_decoding_stride_size: follows,
    ae_decoding_layer_type: follows,
    'ae_decoding layer_type': follows,
    ae_decoding_x_dim: follows,
    ae_decoding_y_dim: follows,
    ae_decoding_x_padding: follows,
    ae_decoding_y_padding: follows,
    ae_decoding_starting_dim: follows,
  })
  .check(({ value, issues }) => {
    const layers = value.ae_encoding_n_channels.length;
    for (const key of ['ae_encoding_kernel_size', 'ae_encoding_stride_size', 'ae_encoding_layer_type'] as const) {
      const length = value[key]?.length;
      if (length === undefined || length === layers) continue;
      issues.push({
        code: 'custom',
        input: value[key],
        path: [key],
        message: `has ${length} entries for ${layers} layers`,
        params: { allowed: `${layers} entries, as ae_encoding_n_channels` },
      });
    }
    value.ae_encoding_stride_size.forEach((stride, i) => {
      const kernel = value.ae_encoding_kernel_size[i];
      if (kernel === undefined || stride <= kernel) return;
      issues.push({
        code: 'custom',
        input: stride,
        path: ['ae_encoding_stride_size', i],
        message: 'stride is larger than kernel: pixels would go unseen',
        params: { allowed: `a stride up to the kernel, which is ${kernel}` },
      });
    });
  });

const layers = z.array(layer).min(1).max(8);

const pointEncoder = z.strictObject({
  layers,
  feature_points: z.int().min(1).max(256).meta({
    description: 'maps of the last layer, of which the latents see the mean positions alone (spatial softmax)',
  }),
});

export const architectureParam = z
  .union([z.enum(['behavenet', 'small', 'feature-points']), layers, pointEncoder, behaveNetFile])
  .default('behavenet')
  .meta({
    description:
      "Encoder, mirrored by the decoder: behavenet (5x5 kernels, 32-64-128-256-512 channels, strides 2-2-2-2-5), small (4x4, 8-32-64, strides 2-2-2), feature-points (5x5, 16-32, strides 2-1, 32 points), a list of layers, layers and feature_points, or what stands in BehaveNet's ae_arch JSON",
    recommended: {
      'frames of 64 px and more': 'behavenet',
      'frames of 32 to 64 px': 'small',
      'labels that are positions, known in few frames': 'feature-points',
    },
  });

export type BehaveNetFile = z.output<typeof behaveNetFile>;
