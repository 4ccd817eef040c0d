import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SweepSpecSchema } from './sweepSpec.js';
import { parseSweepText } from './text.js';

/** The example of the design. */
const STAGED = `
name: psvae-openfield
model: ps-vae
dataset: { kind: hdf5, path: mouse/data.hdf5 }
params: { n_ae_latents: 10, frame_std: 0.1, max_n_epochs: 100, anneal_epochs: 40, learning_rate: 1e-3 }
seeds: [1, 2, 3]
stages:
  - name: alpha
    params: { beta: 1 }
    grid: { alpha: [50, 100, 500, 1000] }
    select: { rule: smallest-within, parameter: alpha, metric: val.label_mse, direction: min, tolerance: { factor: 1.1 } }
  - name: beta
    grid: { beta: [1, 5, 10, 20] }
    select: { rule: min, metric: train.latent_correlation }
  - name: refit
    refit: { top: 2, seeds: 5 }
`;

/** Every key of the language. */
const EVERYTHING = `
name: all
project: lab
model: ps-vae
dataset: { kind: behaviour, trials: 6, seed: 3 }
params: { a: 1, layers: [{ channels: 4 }] }
execution: { maxParallel: 4, priority: -1, weight: 2, maxFailures: 1, timeoutMinutes: 90, stallMinutes: 0.5, gpuShare: 0.25 }
smoke: { params: { a: 2 }, dataset: { trials: 3 }, seeds: [1], select: { minActive: 0 } }
stages:
  - name: one
    model: other
    dataset: { kind: hdf5, path: x.hdf5 }
    params: { b: null }
    seeds: [0, 2147483647]
    grid:
      list: [1, "two", [3], { four: 4 }, null, true]
      lin: { linspace: [0, 1, 5] }
      log: { logspace: [1e-4, 1e-1, 4] }
      range: { range: [0, 10, 2.5] }
      dataset.seed: [1, 2]
    zip: { c: [1, 2], d: [3, 4] }
    cells: [{ e: 1, f: 2 }, { e: 3, f: 4 }]
    exclude: [{ c: 1, list: null }]
    random: { n: 10, seed: 7, space: { u: { uniform: [-1, 1] }, v: { loguniform: [1e-5, 1] }, i: { int: [0, 9] }, w: { choice: [a, b] } } }
    select:
      rule: knee
      parameter: lin
      metric: val.loss
      direction: min
      aggregate: median
      where: [{ metric: val.x, atLeast: 0 }, { metric: val.y, atMost: 1, atLeast: 0 }]
      allowPartial: true
      minActive: 3
    gate: review
    execution: { maxParallel: null, timeoutMinutes: null }
  - name: two
    from: { stage: one, artifact: weights, match: cell }
    select: { rule: largest-within, parameter: a, tolerance: { absolute: 0.5 } }
  - name: three
    refit: {}
`;

const read = (text: string): unknown => {
  const parsed = parseSweepText(text, 'yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.value;
};

describe('SweepSpecSchema', () => {
  it('takes the example of the design', () => {
    expect(SweepSpecSchema.parse(read(STAGED))).toMatchObject({ project: 'default', seeds: [1, 2, 3] });
  });

  it('takes every key of the language and fills in what is not said', () => {
    const spec = SweepSpecSchema.parse(read(EVERYTHING));
    expect(spec.stages?.[0]?.select).toMatchObject({ rule: 'knee', aggregate: 'median', minActive: 3 });
    expect(spec.stages?.[1]?.from).toEqual({ stage: 'one', artifact: 'weights', match: 'cell' });
    expect(spec.stages?.[1]?.select).toMatchObject({ where: [], allowPartial: false, aggregate: 'mean' });
    expect(spec.stages?.[2]).toMatchObject({ refit: { top: 2, seeds: 5 }, gate: 'auto' });
    expect(spec.dataset).toMatchObject({ kind: 'behaviour', trials: 6, frames: 32 });
  });

  it('takes one search at the top level', () => {
    const one = { name: 'x', model: 'm', dataset: { kind: 'hdf5', path: 'a' }, grid: { a: [1] }, gate: 'review' };
    expect(SweepSpecSchema.parse(one)).toMatchObject({ grid: { a: [1] }, gate: 'review', params: {} });
  });

  it('names every seed that stands twice', () => {
    const spec = { name: 'x', model: 'm', dataset: { kind: 'hdf5', path: 'a' }, seeds: [1, 2, 1, 2] };
    const { error } = SweepSpecSchema.safeParse(spec);
    expect(error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['seeds.2', 'the seed 1 stands twice'],
      ['seeds.3', 'the seed 2 stands twice'],
    ]);
  });

  it('describes every key in its JSON Schema', () => {
    const undescribed: string[] = [];
    const walk = (shape: unknown, path: string): void => {
      if (typeof shape !== 'object' || shape === null) return;
      const { properties, ...rest } = shape as { properties?: Record<string, object> };
      for (const [key, value] of Object.entries(properties ?? {})) {
        const place = `${path}.${key}`;
        // A single form ({ linspace }) and a discriminator speak for themselves.
        const described = 'description' in value || 'const' in value || 'description' in rest;
        if (!described && !place.includes('dataset')) undescribed.push(place);
        walk(value, place);
      }
      for (const [key, value] of Object.entries(rest)) walk(value, `${path}/${key}`);
    };
    walk(z.toJSONSchema(SweepSpecSchema, { io: 'input' }), '');
    expect(undescribed).toEqual([]);
  });
});
