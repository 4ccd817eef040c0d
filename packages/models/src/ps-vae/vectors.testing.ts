import { readFileSync } from 'node:fs';
import type { Trial } from '@trawl/datasets';
import type { HostTensors, RandomStream } from '@trawl/nn';
import { z } from 'zod';
import type { FrameShape } from './network.js';

/* Numbers that BehaveNet's own code gave: nested lists, images NCHW, kernels as torch stores them. */

export type Nested = (number | Nested)[];
type Named<K extends string, T> = Record<K, T>;
type Sampling = 'behavenet' | 'textbook';
type Sample = `z_${Sampling}`;
type Decomposed = `decomposed_kl_${'all5' | 'unsup3'}_${Sampling}_sample`;
type Alone = `${'index_code_mi' | 'total_correlation' | 'dimension_wise_kl'}_unsup3_${Sampling}_sample`;
type EdgeCase = `decomposed_kl_${'1dim' | 'batch1'}_behavenet_sample`;
type Gradient = `grad_${'icmi' | 'tc' | 'dwkl'}_unsup3`;
type Scalar =
  | `gaussian_ll_${'frames' | 'labels'}${'' | '_masked'}`
  | 'gaussian_ll_frames_std0p1'
  | `mse_frames${'' | '_masked'}`
  | `kl_div_to_std_normal_${'all5' | 'supervised2' | 'unsupervised3'}`
  | 'label_r2_unmasked_variance_weighted'
  | 'label_r2_masked_flattened';

interface Overlap {
  A: number[][];
  B: number[][];
  f64: number;
}

interface Vectors {
  A_inputs: Named<'x' | 'x_hat' | 'x_mask' | 'y' | 'y_hat' | 'y_mask' | 'mu' | 'logvar' | 'eps' | Sample, Nested>;
  A_losses: Named<Scalar | Alone, { f64: number }> &
    Named<`gaussian_ll_to_mse_frames${'' | '_masked_wrong_by_design'}`, { f64: number }> &
    Named<'subspace_overlap_orthogonal' | 'subspace_overlap_random', Overlap> &
    Named<'diag_linear', { weight: number[]; bias: number[]; input: number[][]; output: number[][] }> &
    Named<Decomposed | EdgeCase, { f64: [number, number, number] }> &
    Named<Gradient, Named<'z' | 'mu' | 'logvar', Nested>> &
    Named<'gaussian_log_density_unsummed_unsup3', Nested>;
  A_decomposition_check: Named<`${Sampling}_sample`, Named<'mean_j(log q(z|x) - log p(z))', number>>;
  B_models: {
    strides_2_2: {
      arch: object;
      weights: Record<string, Nested>;
      forward_sampled: Named<'x_hat' | 'z' | 'mu' | 'logvar' | 'y_hat', Nested>;
      forward_use_mean: Named<'x_hat', Nested>;
      get_transformed_latents: Nested;
      inverse_transform_roundtrip_maxabs: number;
      loss_cases: Record<string, { epoch: number; f64: Record<string, number>; grad?: Record<string, Nested> }>;
    };
  };
  D_anneal: Record<string, Named<'tc_weight_by_epoch' | 'kl_weight_by_epoch', number[]>>;
  D_latent_corr: { latents: Nested } & Named<
    'behavenet_metric_first_pair_abs' | 'docs_metric_mean_abs_over_all_pairs',
    number
  > & { full_matrix_unsup: number[][] };
  D_compute_range: { latents: number[][][] } & Record<'5_95' | '15_85', Record<'min' | 'max' | 'med', number[]>>;
  D_triplet_two_sessions_constant: { z: Nested; loss: number };
  D_same_padding: { in: number; k: number; s: number; out_before_after: number[] }[];
  D_early_stop_patience3_min4: { epoch: number; val_loss: number; best_epoch: number; should_stop: boolean }[];
}

export const file = new URL('../../../../test/fixtures/psvae.json', import.meta.url);
export const vectors = z.custom<Vectors>().parse(JSON.parse(readFileSync(file, 'utf8')));

const numbersOf = (nested: Nested): number[] =>
  nested.flatMap((item) => (Array.isArray(item) ? numbersOf(item) : item));
export const flat = (nested: Nested): Float32Array => Float32Array.from(numbersOf(nested));

function shapeOf(nested: Nested): number[] {
  const [first] = nested;
  return Array.isArray(first) ? [nested.length, ...shapeOf(first)] : [nested.length];
}

interface HostTensor {
  shape: number[];
  data: Float32Array;
}

/** Axis i of the answer is axis `axes[i]` of `nested`. */
function transposed(nested: Nested, axes: readonly number[]): HostTensor {
  const from = shapeOf(nested);
  const source = flat(nested);
  const strides = from.map((_, axis) => from.slice(axis + 1).reduce((a, b) => a * b, 1));
  const shape = axes.map((axis) => from[axis] ?? 0);
  const index = (at: number): number =>
    shape.reduceRight(
      ({ rest, sum }, size, axis) => ({
        rest: Math.floor(rest / size),
        sum: sum + (rest % size) * (strides[axes[axis] ?? 0] ?? 0),
      }),
      { rest: at, sum: 0 },
    ).sum;
  return { shape, data: source.map((_, at) => source[index(at)] ?? 0) };
}

export const nhwc = (nchw: Nested): Float32Array => transposed(nchw, [0, 2, 3, 1]).data;

const vector = (nested: Nested): HostTensor => ({ shape: [nested.length], data: flat(nested) });

/**
 * torch's weights, or gradients of them, under our names and in our layout. `bottom` is the encoder's last size: torch
 * flattens it by channel, row, column, we by row, column, channel.
 */
export function fromTorch(
  weights: Record<string, Nested>,
  [channels, height, width]: readonly [channels: number, height: number, width: number],
): HostTensors {
  const features = [channels, height, width];
  const pick = (name: string): Nested => weights[name] ?? [];
  /** [d, C*H*W] -> [H*W*C, d]. */
  const intoDense = (nested: Nested): HostTensor => {
    const latents = nested.length;
    const { data } = transposed(reshaped(flat(nested), [latents, ...features]), [2, 3, 1, 0]);
    return { shape: [data.length / latents, latents], data };
  };
  /** [C*H*W, d] -> [d, H*W*C]. */
  const outOfDense = (nested: Nested): HostTensor => {
    const latents = flat(nested).length / nested.length;
    const { data } = transposed(reshaped(flat(nested), [...features, latents]), [3, 1, 2, 0]);
    return { shape: [latents, nested.length], data };
  };
  const tensors: HostTensors = {
    'encoder.mean.kernel': intoDense(pick('encoding.FF.weight')),
    'encoder.mean.bias': vector(pick('encoding.FF.bias')),
    'encoder.logvar.kernel': intoDense(pick('encoding.logvar.weight')),
    'encoder.logvar.bias': vector(pick('encoding.logvar.bias')),
    'labels.scale': vector(pick('encoding.D.weight')),
    'labels.shift': vector(pick('encoding.D.bias')),
    'decoder.dense.kernel': outOfDense(pick('decoding.FF.weight')),
    'decoder.dense.bias': vector([...transposed(reshaped(flat(pick('decoding.FF.bias')), features), [1, 2, 0]).data]),
  };
  for (const [name, nested] of Object.entries(weights)) {
    const [, half, layer, part] = /^(enc|dec)oding\..*conv[a-z]*(\d+)\.(weight|bias)$/.exec(name) ?? [];
    if (part === 'bias') tensors[`${half}oder.conv${layer}.bias`] = vector(nested);
    if (part === 'weight') tensors[`${half}oder.conv${layer}.kernel`] = transposed(nested, [2, 3, 1, 0]);
  }
  const rotation = [...pick('encoding.A.weight'), ...pick('encoding.B.weight')];
  if (rotation.length > 0) tensors['rotation.kernel'] = transposed(rotation, [1, 0]);
  return tensors;
}

function reshaped(data: Float32Array, shape: readonly number[]): Nested {
  const [length = 0, ...rest] = shape;
  const size = data.length / length;
  if (rest.length === 0) return [...data];
  return Array.from({ length }, (_, i) => reshaped(data.subarray(i * size, (i + 1) * size), rest));
}

const input = vectors.A_inputs;

/** The vectors' eight frames, in our layout. */
export const inputs = {
  frames: 8,
  height: 16,
  width: 16,
  channels: 2,
  labels: 2,
  latents: 5,
  x: nhwc(input.x),
  xHat: nhwc(input.x_hat),
  xMask: nhwc(input.x_mask),
  y: flat(input.y),
  yHat: flat(input.y_hat),
  yMask: flat(input.y_mask),
  noise: flat(input.eps),
};

/** A trial of random bytes and labels. */
export function trialOf(nFrames: number, shape: FrameShape, stream: RandomStream): Trial & { labels: Float32Array } {
  return {
    nFrames,
    frames: Uint8Array.from({ length: nFrames * shape.height * shape.width * shape.channels }, () => stream.int(256)),
    labels: stream.normals(nFrames * shape.labels),
    labelMasks: null,
    frameMasks: null,
    factors: null,
  };
}
