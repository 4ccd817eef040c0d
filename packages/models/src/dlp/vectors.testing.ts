import { readFileSync } from 'node:fs';
import type { HostTensors } from '@trawl/nn';
import { z } from 'zod';

/* Numbers that DDLP's own code gave: nested lists, images NCHW, kernels as torch stores them. */

export type Nested = number | Nested[];
export interface Named {
  [name: string]: Nested | string | Named | NamedParam[];
}
interface NamedParam {
  name: string;
  shape: number[];
  seed: number;
  rule: string;
  l2: number;
}
export interface VectorCase {
  doc: string;
  inputs: Named;
  outputs: Named;
  tol_abs_rel: number;
}

const file = new URL('../../../../test/fixtures/dlp.json', import.meta.url);
const { cases } = z.custom<{ cases: Record<string, VectorCase> }>().parse(JSON.parse(readFileSync(file, 'utf8')));
export const vectorCases = cases;

export const caseOf = (name: string): VectorCase => cases[name]!;
export const numbers = (value: Named[string] | undefined): number[] =>
  typeof value === 'number' ? [value] : Array.isArray(value) ? value.flatMap((v) => numbers(v as Nested)) : [];
export const floats = (value: Named[string] | undefined): Float32Array => Float32Array.from(numbers(value));
export function shapeOf(value: Named[string] | undefined): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0] as Nested)] : [];
}

/** The 32-bit generator that the fixture's inputs and weights are drawn from, in [0, 1). */
export function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function uniforms(seed: number, count: number): Float32Array {
  const draw = mulberry32(seed);
  return Float32Array.from({ length: count }, () => draw());
}

/** Axis i of the answer is axis `axes[i]`. */
export function transposed(data: ArrayLike<number>, from: readonly number[], axes: readonly number[]): Float32Array {
  const strides = from.map((_, axis) => from.slice(axis + 1).reduce((a, b) => a * b, 1));
  const shape = axes.map((axis) => from[axis]!);
  return Float32Array.from({ length: data.length }, (_, at) => {
    let rest = at;
    let index = 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index += (rest % shape[axis]!) * strides[axes[axis]!]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return data[index]!;
  });
}

function drawn({ shape, seed, rule }: NamedParam): Float32Array {
  const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
  const of: Record<string, (u: number) => number> = {
    'sqrt(3/fan_in)u': (u) => Math.sqrt(3 / fanIn) * u,
    '1+0.1u': (u) => 1 + 0.1 * u,
    '0.1u': (u) => 0.1 * u,
  };
  return uniforms(
    seed,
    shape.reduce((a, b) => a * b, 1),
  ).map((u) => of[rule]!(2 * u - 1));
}

const MAPS = 32;
const PARTS: readonly [RegExp, string][] = [
  [/^fg_module\.prior\.enc\./, 'prior.cnn.'],
  [/^fg_module\.particle_attribute_enc\./, 'attributes.'],
  [/^fg_module\.particle_features_enc\./, 'features.'],
  [/^fg_module\.object_dec\.fc\./, 'glimpse.fc.'],
  [/^fg_module\.object_dec\.main\.conv_to_\d+\./, 'glimpse.block.'],
  [/^fg_module\.object_dec\.main\.final_conv\.main\.[^.]+\./, 'glimpse.out.'],
  [/^bg_module\.bg_cnn_enc\./, 'background.cnn.'],
  [/^bg_module\.bg_enc\./, 'background.encoder.'],
  [/^bg_module\.latent_to_feat_map\.mlp\./, 'background.fc.'],
  [/^bg_module\.dec\.main\.depth_up\./, 'background.up0.'],
  [/^bg_module\.dec\.main\.conv_to_\d+\./, 'background.block.'],
  [/^bg_module\.dec\.final_conv\.main\.[^.]+\./, 'background.out.'],
];
const HEADS = ['x_head', 'y_head', 'scale_xy_head', 'obj_on_head', 'depth_head'];

const INPUTS: Record<string, string> = {
  xy: 'position',
  scale: 'scale',
  obj_on: 'transparency',
  depth: 'depth',
  features: 'feature',
  particle: 'particle',
  bg_features: 'background',
};
const FORECASTS = [...HEADS, 'features_head'];

function dynamicsPlace(name: string): Place {
  const last = name.endsWith('.bias') ? 'bias' : 'kernel';
  const input = /particle_projection\.(\w+)_projection\.(\d)\./.exec(name);
  if (input) return { variable: `pint.in.${INPUTS[input[1]!]}.${Number(input[2]) / 2}.${last}`, from: 0 };
  const head = FORECASTS.findIndex((each) => name.includes(`particle_decoder.${each}.`));
  if (head >= 0) return { variable: `pint.out.particle.0.${last}`, from: [0, 2, 4, 8, 10, 12][head]! };
  const variable = name
    .replace(/^dyn_module\.particle_transformer\.blocks\.(\d)\./, 'pint.block$1.')
    .replace(/ln([12])\.weight$/, (_, i: string) => `norm${Number(i) - 1}.gain`)
    .replace(/ln([12])\.bias$/, (_, i: string) => `norm${Number(i) - 1}.shift`)
    .replace('attn.proj.', 'project.')
    .replace('attn.rel_pos_bias.rel_pos_bias', 'time')
    .replace('attn.rel_pos_bias.particle_rel_pos_bias', 'particle')
    .replace('attn.', '')
    .replace('mlp.fc_1.', 'mlp.0.')
    .replace('mlp.proj.', 'mlp.1.')
    .replace('dyn_module.particle_transformer.ln_f.weight', 'pint.norm.gain')
    .replace('dyn_module.particle_transformer.ln_f.bias', 'pint.norm.shift')
    .replace('dyn_module.particle_transformer.head.', 'pint.head.')
    .replace(/dyn_module\.particle_decoder\.backbone\.(\d)\./, (_, i: string) => `pint.out.${Number(i) / 2}.`)
    .replace('dyn_module.particle_decoder.bg_features_head.', 'pint.out.background.0.')
    .replace(/weight$/, 'kernel');
  return { variable, from: 0 };
}

/** Where a parameter of the original stands with us: a variable, and of a merged one from which output on. */
export interface Place {
  variable: string;
  from: number;
}

export function placeOf(name: string): Place {
  if (name.startsWith('dyn_module.')) return dynamicsPlace(name);
  const head = HEADS.findIndex((each) => name.includes(`particle_attribute_enc.${each}.`));
  const last = name.endsWith('.weight') ? 'kernel' : 'bias';
  if (head >= 0) return { variable: `attributes.heads.0.${last}`, from: [0, 2, 4, 8, 10][head]! };
  const [pattern, ours] = PARTS.find(([each]) => each.test(name)) ?? [/^/, ''];
  let rest = ours + name.replace(pattern, '');
  rest = rest.replace(/main\.in_block_1\./, 'block0.').replace(/main\.in_block_2\./, 'block1.');
  rest = rest.replace(/main\.conv_in_\d+_(\d+)\./, (_, i: string) => `block${2 + Number(i)}.`);
  rest = rest.replace('features_head.', 'head.0.').replace('projection.', 'projection.0.');
  rest = rest.replace(/\.(fc|encoder|backbone)\.(\d)\./, (_, of: string, i: string) => `.${of}.${Number(i) / 2}.`);
  rest = rest.replace(/(main\.)?conv_\d+_to_\d+\.weight$/, 'kernel');
  rest = rest.replace(/(main\.)?grouupnorm_\d+\.weight$/, 'gamma').replace(/(main\.)?grouupnorm_\d+\.bias$/, 'beta');
  return { variable: rest.replace(/weight$/, 'kernel'), from: 0 };
}

const joined = (parts: Float32Array[]): Float32Array => Float32Array.from(parts.flatMap((part) => [...part]));

/** Several layers of the original are one of ours. */
export const isMerged = (variable: string): boolean => /^(attributes\.heads|pint\.out\.particle)\./.test(variable);

/** The fixture's weights under our names and in our layout: kernels [h, w, in, out], flattened maps by row, column, channel. */
export function weightsOf(params: readonly NamedParam[]): HostTensors {
  const tensors: HostTensors = {};
  const merged = new Map<string, { inputs: number; parts: Float32Array[] }>();
  for (const param of params) {
    const { variable } = placeOf(param.name);
    const data = drawn(param);
    const { shape } = param;
    const [out = 0, depth = 0] = shape;
    if (isMerged(variable)) {
      const { parts } = merged.get(variable) ?? { parts: [] };
      merged.set(variable, { inputs: shape.length === 2 ? depth : 0, parts: [...parts, data] });
    } else if (shape.length === 4) {
      tensors[variable] = { shape: [shape[2]!, shape[3]!, depth, out], data: transposed(data, shape, [2, 3, 1, 0]) };
    } else if (
      /(projection|encoder)\.0\.kernel$/.test(variable) &&
      depth % MAPS === 0 &&
      !variable.startsWith('pint')
    ) {
      const pixels = depth / MAPS;
      tensors[variable] = { shape: [depth, out], data: transposed(data, [out, MAPS, pixels], [2, 1, 0]) };
    } else if (variable.endsWith('fc.2.kernel')) {
      tensors[variable] = { shape: [depth, out], data: transposed(data, [MAPS, out / MAPS, depth], [2, 1, 0]) };
    } else if (variable.endsWith('fc.2.bias')) {
      tensors[variable] = { shape, data: transposed(data, [MAPS, out / MAPS], [1, 0]) };
    } else if (shape.length === 2 && !/^pint\.block\d\.(time|particle)$/.test(variable)) {
      tensors[variable] = { shape: [depth, out], data: transposed(data, shape, [1, 0]) };
    } else tensors[variable] = { shape, data };
  }
  for (const [variable, { inputs, parts }] of merged) {
    const data = joined(parts);
    const out = inputs === 0 ? data.length : data.length / inputs;
    tensors[variable] =
      inputs === 0 ? { shape: [out], data } : { shape: [inputs, out], data: transposed(data, [out, inputs], [1, 0]) };
  }
  return tensors;
}

export const paramsOf = (of: VectorCase, key: 'params' | 'grads'): NamedParam[] =>
  (key === 'params' ? of.inputs['params'] : of.outputs['grads']) as NamedParam[];
