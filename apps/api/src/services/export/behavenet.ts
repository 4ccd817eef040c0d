import { type Curve, fromWire, type ParamValue, type RunDetail, uploadedHash } from '@trawl/spec';
import { csvLine } from './csv.js';
import { safeName } from './names.js';
import { type NpyArray, readNpz } from './npz.js';

/* The files of BehaveNet's fits, as its notebooks look for them: one folder `version_<n>` a run. */

/** Models of BehaveNet's family, which have its names of parameters and metrics. */
export const FAMILY: readonly string[] = ['ps-vae', 'vae', 'beta-tcvae', 'ae', 'msps-vae'];

/** Parameters that BehaveNet calls by the name of their model. */
const PREFIXES: Record<string, { prefix: string; names: readonly string[] }> = {
  'ps-vae': { prefix: 'ps_vae.', names: ['alpha', 'beta', 'anneal_epochs', 'delta'] },
  'msps-vae': { prefix: 'ps_vae.', names: ['alpha', 'beta', 'anneal_epochs', 'delta'] },
  vae: { prefix: 'vae.', names: ['beta', 'beta_anneal_epochs'] },
  'beta-tcvae': { prefix: 'beta_tcvae.', names: ['beta', 'beta_anneal_epochs'] },
};

/** lab, expt, animal and session. */
export type Session = readonly [lab: string, expt: string, animal: string, session: string];

/** From a path as BehaveNet lays data out, `lab/expt/animal/session/data.hdf5`; what is missing is made up. */
export function sessionOf({ dataset, datasetHash }: Pick<RunDetail, 'dataset' | 'datasetHash'>): Session {
  const short = datasetHash.slice(0, 12);
  if (dataset.kind !== 'hdf5') return ['trawl', dataset.kind, 'rendered', short];
  if (uploadedHash(dataset.path) !== null) return ['trawl', 'hdf5', 'upload', short];
  const folders = dataset.path
    .split('/')
    .slice(0, -1)
    .map((name) => safeName(name, 40));
  const [session = short, animal = 'animal', expt = 'expt', lab = 'lab'] = folders.reverse();
  return [lab, expt, animal, session];
}

/** `lab/expt/animal/session/ps-vae/conv/06_latents/<experiment>`, in which versions are counted. */
export function experimentFolder(run: RunDetail, experiment: string): string {
  const latents = JSON.stringify(run.params['n_ae_latents'] ?? 0).padStart(2, '0');
  return [...sessionOf(run), run.model, 'conv', `${latents}_latents`, experiment].join('/');
}

/** BehaveNet finds several stages of a search as several experiments. */
export const experimentName = (sweep: { name: string; stages: readonly unknown[] }, stage: string): string =>
  sweep.stages.length === 1 ? safeName(sweep.name, 40) : `${safeName(sweep.name, 25)}_${safeName(stage, 14)}`;

export const sessionInfo = (session: Session): string =>
  csvLine(['lab', 'expt', 'animal', 'session']) + csvLine(session);

/** All hyperparameters by BehaveNet's names, with values as Python writes them. */
export function metaTags(run: RunDetail, experiment: string, version: number): string {
  const { prefix, names } = PREFIXES[run.model] ?? { prefix: '', names: [] };
  const [lab, expt, animal, session] = sessionOf(run);
  const own = Object.entries(run.params).map(([name, value]) => [names.includes(name) ? prefix + name : name, value]);
  const tags: Record<string, ParamValue | undefined> = {
    lab,
    expt,
    animal,
    session,
    experiment_name: experiment,
    version,
    model_class: run.model,
    model_type: 'conv',
    ...Object.fromEntries(own),
    rng_seed_model: run.seed,
    training_completed: run.state === 'succeeded',
    trawl_run: run.id,
  };
  return (
    csvLine(['key', 'value']) +
    Object.entries(tags)
      .map(([key, value]) => csvLine([key, python(value)]))
      .join('')
  );
}

function python(value: ParamValue | undefined): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** BehaveNet's names after `tr_`, `val_` and `test_`, in its order, and trawl's; its KL terms lack all constants, as `_raw` here. */
const TERMS: readonly (readonly [theirs: string, ours: readonly string[]])[] = [
  ['loss', ['loss']],
  ['loss_data_ll', ['loss_data_ll']],
  ['loss_label_ll', ['loss_label_ll']],
  ['loss_zs_kl', ['loss_zs_kl']],
  ['loss_zu_mi', ['loss_zu_mi_raw']],
  ['loss_zu_tc', ['loss_zu_tc_raw']],
  ['loss_zu_dwkl', ['loss_zu_dwkl_raw']],
  ['loss_data_mse', ['loss_data_mse']],
  ['alpha', []],
  ['beta', ['tc_weight']],
  ['label_r2', ['label_r2']],
];
const SPLITS = [
  ['tr', 'train'],
  ['val', 'val'],
  ['test', 'test'],
] as const;
const columnsOf = (split: string): string[] => TERMS.map(([name]) => `${split}_${name}`);
const METRIC_COLUMNS = [
  'epoch',
  'batch',
  'trial',
  ...columnsOf('tr'),
  'dataset',
  'created_at',
  'best_val_epoch',
  ...columnsOf('val'),
  ...columnsOf('test'),
];

type Row = Record<string, string | number>;

/**
 * metrics.csv: a row an epoch of training, a row a validation, and one of the test trials together, from the best model
 * (BehaveNet has one for each test trial, from the last).
 */
export function metricsTable(run: RunDetail, curves: readonly Curve[]): string {
  const byName = new Map(curves.map((curve) => [curve.name, curve]));
  const createdAt = (run.finishedAt ?? run.createdAt).replace('T', ' ').replace('Z', '');
  const common = { trial: -1, dataset: -1, created_at: createdAt };
  const rows: Row[] = [];
  const stepOf = new Map<number, number>();
  for (const { epochs, steps } of curves) for (const [i, epoch] of epochs.entries()) stepOf.set(epoch, steps[i] ?? 0);
  const perEpoch = (stepOf.get(1) ?? 0) - (stepOf.get(0) ?? 0);

  let best: { epoch: number; loss: number } | null = null;
  const epochs = [...stepOf.keys()].sort((a, b) => a - b);
  for (const epoch of epochs) {
    const batch = Math.max(0, perEpoch - 1);
    for (const [theirs, ours] of SPLITS.slice(0, 2)) {
      const values = termsAt(byName, run, theirs, ours, epoch);
      if (!(`${theirs}_loss` in values)) continue;
      const row: Row = { epoch, batch, ...common, ...values };
      if (theirs === 'val') {
        const loss = Number(values['val_loss']);
        if (best === null || loss < best.loss) best = { epoch, loss };
        row['best_val_epoch'] = best.epoch;
      }
      rows.push(row);
    }
  }
  const test: Row = {};
  for (const [theirs, ours] of TERMS) {
    const value = theirs === 'alpha' ? run.params['alpha'] : ours.map((name) => run.summary[`test.${name}`])[0];
    if (typeof value === 'number' || typeof value === 'string') test[`test_${theirs}`] = value;
  }
  if ('test_loss' in test || 'test_loss_data_mse' in test)
    rows.push({ epoch: epochs.at(-1) ?? 0, batch: 0, ...common, ...test });
  return csvLine(METRIC_COLUMNS) + rows.map((row) => csvLine(METRIC_COLUMNS.map((name) => row[name]))).join('');
}

/** Non-finite numbers as pandas writes them: NaN is an empty field. */
function termsAt(
  byName: ReadonlyMap<string, Curve>,
  run: RunDetail,
  theirs: string,
  split: string,
  epoch: number,
): Row {
  const row: Row = {};
  for (const [name, ours] of TERMS) {
    const curve = ours.map((each) => byName.get(`${split}.${each}`)).find((each) => each !== undefined);
    const value = curve?.values[curve.epochs.indexOf(epoch)];
    if (value !== undefined && !Number.isNaN(fromWire(value))) row[`${theirs}_${name}`] = fromWire(value);
  }
  const { alpha } = run.params;
  if (typeof alpha === 'number' && Object.keys(row).length > 0) row[`${theirs}_alpha`] = alpha;
  return row;
}

/** What BehaveNet's latents pickle holds, from latents.npz: means by trial (empty where it is in no split), trials by split. */
export function latentsDocument(npz: Buffer): { latents: number[][][]; trials: Record<string, number[]> } {
  const arrays = readNpz(npz);
  const names = [...arrays.keys()].filter((name) => /^trial_\d+$/.test(name)).sort();
  const trials = Object.fromEntries(['train', 'val', 'test'].map((split) => [split, arrays.get(split)?.values ?? []]));
  return { latents: names.map((name) => rowsOf(arrays.get(name))), trials };
}

function rowsOf(array: NpyArray | undefined): number[][] {
  const [rows = 0, columns = 0] = array?.shape ?? [];
  return Array.from({ length: rows }, (_, row) => array?.values.slice(row * columns, (row + 1) * columns) ?? []);
}
