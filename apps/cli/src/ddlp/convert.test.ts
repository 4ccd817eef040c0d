import { catalog } from '@trawl/models/catalog';
import { DatasetSchema } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { convertDdlp } from './convert.js';
import { PUBLISHED } from './published.testing.js';

const parametersOf = (model: string): ReadonlySet<string> | null => {
  const params = catalog.get(model)?.params;
  return params instanceof z.ZodObject ? new Set(Object.keys(params.shape)) : null;
};
const convert = (configs: Record<string, Record<string, unknown>>, model?: 'dlp' | 'ddlp') =>
  convertDdlp(
    Object.entries(configs).map(([name, content]) => ({ name: `configs/${name}.json`, content })),
    parametersOf,
    model,
  );
const shapes = PUBLISHED['shapes'] ?? {};

const FOLDERS: Record<string, unknown> = {
  shapes: { kind: 'shapes', size: 64 },
  balls: { kind: 'balls', size: 64, frames: 100 },
  obj3d: { layout: 'obj3d', size: 64 },
  obj3d_img: { layout: 'obj3d', size: 64 },
  obj3d128: { layout: 'obj3d', size: 128 },
  obj3d128_img: { layout: 'obj3d', size: 128 },
  traffic: { layout: 'traffic', path: 'sets.npy', size: 128 },
  traffic_img: { layout: 'traffic', size: 128 },
  clevrer: { layout: 'clevrer', path: 'sets', size: 128 },
  phyre: { layout: 'phyre', size: 128 },
};

describe.each(Object.entries(PUBLISHED))('the published %s.json', (name, config) => {
  const model = name === 'shapes' || name.endsWith('_img') ? 'dlp' : 'ddlp';
  const card = catalog.get(model);

  it.skipIf(card === undefined)(
    'keeps every value that the model has, and is legal but for the weights of VGG16',
    () => {
      const { spec, notes } = convert({ [name]: config });
      expect(spec).toMatchObject({ model, dataset: FOLDERS[name] });
      expect(DatasetSchema.safeParse(spec['dataset']).success).toBe(true);
      const params = z.record(z.string(), z.json()).parse(spec['params']);
      for (const [key, value] of Object.entries(params)) expect([key, value]).toEqual([key, config[key]]);
      const kept = [...(parametersOf(model) ?? [])].filter((key) => key in config && key !== 'use_tracking');
      expect(Object.keys(params).toSorted()).toEqual(kept.toSorted());
      expect(spec).not.toHaveProperty('grid');
      const full = card?.params.parse(params);
      const faults = card?.check(z.record(z.string(), z.json()).parse(full), null) ?? [];
      expect(faults.map(({ path }) => path)).toEqual(config['recon_loss_type'] === 'vgg' ? ['vgg_weights'] : []);
      expect(notes.some((note) => note.includes('left out'))).toBe(false);
    },
  );
});

describe('configs of DDLP', () => {
  it('become a sweep: lists are axes, channels of lists', () => {
    const { spec } = convert({
      mine: {
        ...shapes,
        beta_kl: [0.05, 0.1],
        anchor_s: [0.25],
        enc_channels: [
          [32, 64],
          [32, 64, 128],
        ],
        run_prefix: 'a',
      },
    });
    expect(spec).toMatchObject({
      name: 'shapes_a',
      params: { anchor_s: 0.25, prior_channels: [32, 32, 64] },
      grid: {
        beta_kl: [0.05, 0.1],
        enc_channels: [
          [32, 64],
          [32, 64, 128],
        ],
      },
    });
  });

  it('are cells of one sweep where there are several, with what differs', () => {
    const other = { ...shapes, n_kp_enc: 6, filtering_heuristic: 'variance', image_size: 128 };
    const { spec } = convert({ shapes, other });
    expect(spec['cells']).toEqual([
      { image_size: 64, n_kp_enc: 10, filtering_heuristic: 'none', 'dataset.size': 64 },
      { image_size: 128, n_kp_enc: 6, filtering_heuristic: 'variance', 'dataset.size': 128 },
    ]);
    expect(spec['params']).toMatchObject({ beta_kl: 0.05 });
    expect(spec['params']).not.toHaveProperty('n_kp_enc');
  });

  it('are told what is ignored, and why', () => {
    expect(convert({ shapes: { ...shapes, novel: 7 } }).notes).toEqual([
      'shapes.json: device is ignored: the worker gives a run its device',
      'shapes.json: context_dim is ignored: a leftover that the original reads nowhere',
      expect.stringMatching(
        /^shapes.json: of video, ignored by dlp, which takes frames one by one: .*timestep_horizon/,
      ),
      'shapes.json: left out, as dlp has no such parameter: novel',
    ]);
    expect(convert({ traffic_img: PUBLISHED['traffic_img'] ?? {} }).notes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/recon_loss_type vgg needs weights of VGG16: upload them and set vgg_weights/),
        'traffic_img.json: root is "/mnt/data/sets": put the set at sets.npy below a data root',
      ]),
    );
  });

  it('of video can be taken frame by frame', () => {
    const { spec } = convert({ balls: PUBLISHED['balls'] ?? {} }, 'dlp');
    expect(spec).toMatchObject({ model: 'dlp', dataset: { kind: 'balls' }, params: { n_kp_enc: 6 } });
    expect(spec['params']).not.toHaveProperty('pint_dim');
  });

  it.each<[string, Record<string, Record<string, unknown>>, RegExp]>([
    ['no ds', { a: { lr: 1 } }, /^configs\/a.json: ds is missing/],
    ['another set', { a: { ...shapes, ds: 'bair_img' } }, /ds is "bair_img"; trawl reads shapes, balls, obj3d/],
    ['lists in one of several', { a: shapes, b: { ...shapes, lr: [1, 2] } }, /b.json has lists \(lr\)/],
    ['keys that one lacks', { a: shapes, b: { ds: 'shapes', lr: 1 } }, /b.json has no /],
  ])('%s: says what is wrong', (_what, configs, message) => {
    expect(() => convert(configs)).toThrow(message);
  });
});
