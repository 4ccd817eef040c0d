import { catalog } from '@trawl/models/catalog';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Converted, convertBehaveNet } from './convert.js';
import { parseCommentJson } from './json.js';

const parametersOf = (model: string): ReadonlySet<string> | null => {
  const params = catalog.get(model)?.params;
  return params instanceof z.ZodObject ? new Set(Object.keys(params.shape)) : null;
};

const MODEL = `{
  # which model
  "experiment_name": "alpha # beta",   // quotes keep what they hold
  "model_class": "ps-vae", "model_type": "conv",
  "n_ae_latents": [6, 8], "l2_reg": 0.0, "rng_seed_model": [0, 1],
  "fit_sess_io_layers": false, "ae_arch_json": null, "conditional_encoder": false,
  "vae.beta": 1, "vae.beta_anneal_epochs": 100, "msp.alpha": null,
  "ps_vae.alpha": [50, 100, 500, 1000], "ps_vae.beta": 1, "ps_vae.gamma": 1, "ps_vae.anneal_epochs": 100,
}`;
const TRAINING = `{
  "export_train_plots": true, "pretrained_weights_path": null, "val_check_interval": 1, "learning_rate": 1e-4,
  "max_n_epochs": 200, "min_n_epochs": 0, "enable_early_stop": false, "early_stop_history": 10,
  "rng_seed_train": null, "rng_seed_data": 0, "train_frac": 1.0, "trial_splits": "8;1;1;0" # BehaveNet's own
}`;
const DATA = `{
  "lab": "musall", "expt": "vistrained", "animal": "mSM30", "session": "10-Oct-2017", "sessions_csv": "",
  "n_input_channels": 2, "y_pixels": 128, "x_pixels": 128, "use_output_mask": false, "use_label_mask": true
}`;

const convert = (texts: Record<string, string>): Converted =>
  convertBehaveNet(
    Object.entries(texts).map(([name, text]) => ({ name, content: parseCommentJson(text, name) })),
    parametersOf,
  );
const files = { 'ae_model.json': MODEL, 'ae_training.json': TRAINING, 'data.json': DATA };
const changed = (file: keyof typeof files, from: string, to: string) => ({
  ...files,
  [file]: files[file].replace(from, to),
});

describe('files of BehaveNet', () => {
  it('become one sweep: lists are axes, seeds of the model are replicates', () => {
    const { spec, notes } = convert(files);
    expect(spec).toEqual({
      name: 'alpha # beta',
      model: 'ps-vae',
      dataset: { kind: 'hdf5', path: 'musall/vistrained/mSM30/10-Oct-2017/data.hdf5' },
      params: {
        l2_reg: 0,
        beta: 1,
        anneal_epochs: 100,
        val_check_interval: 1,
        learning_rate: 1e-4,
        max_n_epochs: 200,
        min_n_epochs: 0,
        enable_early_stop: false,
        early_stop_history: 10,
        rng_seed_data: 0,
        rng_seed_train: null,
        train_frac: 1,
        trial_splits: '8;1;1;0',
        use_output_mask: false,
        use_label_mask: true,
      },
      seeds: [0, 1],
      grid: { n_ae_latents: [6, 8], alpha: [50, 100, 500, 1000] },
    });
    expect(notes).toEqual([expect.stringMatching(/gamma is dead/), expect.stringMatching(/exp\(logvar \/ 2\)/)]);
  });

  it('may be of another model of the family, with its own keys', () => {
    const { spec } = convert(changed('ae_model.json', '"ps-vae"', '"vae"'));
    expect(spec).toMatchObject({ model: 'vae', params: { beta: 1, beta_anneal_epochs: 100 } });
    expect(spec['params']).not.toHaveProperty('alpha');
    expect(spec['grid']).toEqual({ n_ae_latents: [6, 8] });
  });

  it('bring their architecture as it is', () => {
    const arch =
      '{ "ae_encoding_n_channels": [8, 16], "ae_encoding_kernel_size": [5, 5], "ae_encoding_stride_size": [2, 2] }';
    const named = changed('ae_model.json', '"ae_arch_json": null', '"ae_arch_json": "/home/me/arch.json"');
    expect(convert({ ...named, 'configs/arch.json': arch }).spec).toMatchObject({
      params: { architecture: { ae_encoding_n_channels: [8, 16] } },
    });
    expect(() => convert(named)).toThrow('ae_arch_json names /home/me/arch.json: give that file too');
    expect(() => convert({ ...files, 'arch.json': arch })).toThrow(/arch\.json is an architecture, and ae_arch_json/);
  });

  it('are told what of them is left out', () => {
    const { notes } = convert({
      ...files,
      'ae_training.json': TRAINING.replace(
        '"pretrained_weights_path": null',
        '"pretrained_weights_path": "a.pt", "novel": 7',
      ),
    });
    expect(notes).toContainEqual(expect.stringMatching(/upload the weights/));
    expect(notes).toContainEqual('left out, as ps-vae has no such parameter: novel');
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no model file', { 'data.json': DATA }, /model_class is missing: give BehaveNet's ae_model\.json/],
    [
      'a model that is not here',
      changed('ae_model.json', '"ps-vae"', '"cond-ae"'),
      /"cond-ae"; trawl takes ps-vae, vae/,
    ],
    ['a linear model', changed('ae_model.json', '"conv"', '"linear"'), /model_type is "linear"; trawl takes conv/],
    ['no data file', { 'ae_model.json': MODEL }, /lab is missing: give BehaveNet's data file/],
    ['all sessions', changed('data.json', '"10-Oct-2017"', '"all"'), /session is all: the import takes one session/],
    [
      'a list of sessions',
      changed('data.json', '"sessions_csv": ""', '"sessions_csv": "s.csv"'),
      /sessions_csv is "s\.csv"/,
    ],
    ['a seed that is none', changed('ae_model.json', '[0, 1]', '[0.5]'), /rng_seed_model is \[0\.5\]/],
    ['files that disagree', { ...files, 'b.json': '{"l2_reg": 1}' }, /l2_reg is 0 in ae_model\.json and 1 in b\.json/],
    ['text that is no JSON', { ...files, 'b.json': '{"a": }' }, /^b\.json: /],
    ['a list', { ...files, 'b.json': '[1]' }, /b\.json: holds \[1\]; a BehaveNet file holds an object/],
  ])('%s: says what is wrong', (_what, texts, message) => {
    expect(() => convert(texts)).toThrow(message);
  });
});
