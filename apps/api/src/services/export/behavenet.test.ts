import type { Curve, RunDetail } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { experimentFolder, experimentName, latentsDocument, metaTags, metricsTable, sessionOf } from './behavenet.js';

const run: RunDetail = {
  id: '01980000-0000-7000-8000-0000000000aa',
  sweepId: 's',
  stages: ['alpha'],
  cellId: 'c',
  point: { alpha: 50 },
  seed: 3,
  state: 'succeeded',
  fence: 1,
  failures: 0,
  failureClass: null,
  failureMessage: null,
  epoch: 2,
  epochs: 2,
  step: 20,
  worker: null,
  createdAt: '2026-01-02T03:04:05.000Z',
  startedAt: null,
  finishedAt: '2026-01-02T04:00:00.000Z',
  model: 'ps-vae',
  modelVersion: '1',
  params: { n_ae_latents: 6, alpha: 50, beta: 5, use_label_mask: true, architecture: 'small', trial_splits: '8;1;1;0' },
  dataset: { kind: 'hdf5', path: 'ibl/angelakilab/IBL-T4/2019-04-23-001/data.hdf5' },
  datasetHash: 'd'.repeat(64),
  summary: { 'test.loss': 9, 'test.loss_zu_mi_raw': -3, 'test.label_r2': 0.9 },
};

/** As the columns of BehaveNet's metrics.csv stand in its files. */
const COLUMNS =
  'epoch,batch,trial,tr_loss,tr_loss_data_ll,tr_loss_label_ll,tr_loss_zs_kl,tr_loss_zu_mi,tr_loss_zu_tc,tr_loss_zu_dwkl,tr_loss_data_mse,tr_alpha,tr_beta,tr_label_r2,dataset,created_at,best_val_epoch,val_loss,val_loss_data_ll,val_loss_label_ll,val_loss_zs_kl,val_loss_zu_mi,val_loss_zu_tc,val_loss_zu_dwkl,val_loss_data_mse,val_alpha,val_beta,val_label_r2,test_loss,test_loss_data_ll,test_loss_label_ll,test_loss_zs_kl,test_loss_zu_mi,test_loss_zu_tc,test_loss_zu_dwkl,test_loss_data_mse,test_alpha,test_beta,test_label_r2';

/** Made with numpy. */
const NPZ =
  'UEsDBC0AAAAIAAAAIQBO+yB1//////////8OABQAdHJpYWxfMDAwMC5ucHkBABAAkAAAAAAAAABTAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CkaaOgq1CmQDLgaGBnsGBgYHIALiBgcAUEsDBC0AAAAIAAAAIQDEf673//////////8JABQAdHJhaW4ubnB5AQAQAIQAAAAAAAAARwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mirqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqGOpo6CrUKFAAuBiAAAFBLAQItAy0AAAAIAAAAIQBO+yB1UwAAAJAAAAAOAAAAAAAAAAAAAACAAQAAAAB0cmlhbF8wMDAwLm5weVBLAQItAy0AAAAIAAAAIQDEf673RwAAAIQAAAAJAAAAAAAAAAAAAACAAZMAAAB0cmFpbi5ucHlQSwUGAAAAAAIAAgBzAAAAFQEAAAAA';

const curve = (name: string, values: Curve['values'], epochs = [0, 1, 2]): Curve => ({
  name,
  epochs,
  steps: epochs.map((epoch) => epoch * 10),
  values,
});

describe('where BehaveNet looks', () => {
  it('is a folder for each session, model, number of latents and experiment', () => {
    expect(experimentFolder(run, 'search')).toBe('ibl/angelakilab/IBL-T4/2019-04-23-001/ps-vae/conv/06_latents/search');
    expect(sessionOf({ ...run, dataset: { kind: 'hdf5', path: 'mouse/data.hdf5' } })).toEqual([
      'lab',
      'expt',
      'animal',
      'mouse',
    ]);
    const upload = { kind: 'hdf5', path: `sha256:${'d'.repeat(64)}` } as const;
    expect(sessionOf({ ...run, dataset: upload })).toEqual(['trawl', 'hdf5', 'upload', 'dddddddddddd']);
    expect(experimentName({ name: 'my sweep', stages: [{}, {}] }, 'alpha')).toBe('my_sweep_alpha');
  });
});

describe('metrics.csv', () => {
  const curves = [
    curve('train.loss', [5, 4, 3]),
    curve('val.loss', [2, 1, 1.5]),
    curve('val.loss_zu_mi_raw', [-1, 'NaN', -3]),
    curve('val.tc_weight', [0, 2.5, 5]),
  ];
  const [header, ...rows] = metricsTable(run, curves)
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
  const columns = header!;
  const field = (row: string[], name: string) => row[columns.indexOf(name)];

  it('has the columns of BehaveNet, in its order', () => {
    expect(columns.join(',')).toBe(COLUMNS);
  });

  it('has a row an epoch, a row a validation and one of the test trials', () => {
    expect(rows.map((row) => [field(row, 'epoch'), field(row, 'tr_loss'), field(row, 'val_loss')])).toEqual([
      ['0', '5', ''],
      ['0', '', '2'],
      ['1', '4', ''],
      ['1', '', '1'],
      ['2', '3', ''],
      ['2', '', '1.5'],
      ['2', '', ''],
    ]);
    expect(rows.map((row) => field(row, 'best_val_epoch'))).toEqual(['', '0', '', '1', '', '1', '']);
    expect(rows.map((row) => field(row, 'val_loss_zu_mi'))).toEqual(['', '-1', '', '', '', '-3', '']);
    expect(rows.map((row) => field(row, 'val_beta'))).toEqual(['', '0', '', '2.5', '', '5', '']);
    const last = rows.at(-1)!;
    expect(['test_loss', 'test_loss_zu_mi', 'test_alpha', 'test_label_r2'].map((name) => field(last, name))).toEqual([
      '9',
      '-3',
      '50',
      '0.9',
    ]);
    expect(new Set(rows.map((row) => `${field(row, 'trial')} ${field(row, 'dataset')}`))).toEqual(new Set(['-1 -1']));
    expect(field(rows[0]!, 'created_at')).toBe('2026-01-02 04:00:00.000');
    expect(rows.map((row) => row.length)).toEqual(rows.map(() => columns.length));
  });
});

it('meta_tags.csv has hyperparameters by BehaveNet’s names, with values as Python writes them', () => {
  const tags = metaTags(run, 'search', 4).trimEnd().split('\r\n');
  expect(tags[0]).toBe('key,value');
  expect(tags).toEqual(
    expect.arrayContaining([
      'ps_vae.alpha,50',
      'ps_vae.beta,5',
      'n_ae_latents,6',
      'use_label_mask,True',
      'rng_seed_model,3',
      'version,4',
      'training_completed,True',
      'session,2019-04-23-001',
    ]),
  );
});

it('latents come as lists, with the trials of each split', () => {
  // numpy 2.4: np.savez_compressed(f, trial_0000=[[1, 2], [3, 4]] as <f4, train=[0] as <i4).
  const npz = Buffer.from(NPZ, 'base64');
  expect(latentsDocument(npz)).toEqual({
    latents: [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    trials: { train: [0], val: [], test: [] },
  });
});
