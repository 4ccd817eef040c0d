import { UsageError } from '../context.js';

/** One of BehaveNet's files, read. */
export interface SourceFile {
  name: string;
  content: Record<string, unknown>;
}

export interface Converted {
  spec: Record<string, unknown>;
  /** What a person should know: what was left out, and what means something else here. */
  notes: string[];
}

/** Names of the parameters of each model, as the catalogue has them. */
export type ParametersOf = (model: string) => ReadonlySet<string> | null;

const MODELS: Record<string, string> = {
  'ps-vae': 'ps-vae',
  vae: 'vae',
  'beta-tcvae': 'beta-tcvae',
  ae: 'ae',
  'msps-vae': 'msps-vae',
};

/** Keys of one model class, as `ps_vae.alpha`: they are parameters of that model and mean nothing to another. */
const PREFIXES: Record<string, string> = {
  'ps_vae.': 'ps-vae msps-vae',
  'vae.': 'vae',
  'beta_tcvae.': 'beta-tcvae',
  'msp.': '',
};

/** How BehaveNet runs, not what it fits. */
const SETTINGS = new Set([
  'export_train_plots',
  'export_latents',
  'as_numpy',
  'batch_load',
  'save_last_model',
  'device',
  'n_parallel_gpus',
  'gpus_viz',
  'tt_n_gpu_trials',
  'tt_n_cpu_trials',
  'tt_n_cpu_workers',
  'mem_limit_gb',
  'slurm',
  'slurm_log_path',
  'slurm_param_file',
  'n_input_channels',
  'x_pixels',
  'y_pixels',
  'frame_rate',
  'all_source',
  'neural_bin_size',
  'neural_type',
  'fit_sess_io_layers',
  'conditional_encoder',
]);
/** Told by other means, or dealt with by name below. */
const HANDLED = new Set([
  'experiment_name',
  'model_class',
  'model_type',
  'lab',
  'expt',
  'animal',
  'session',
  'sessions_csv',
  'rng_seed_model',
  'ae_arch_json',
]);

const NO_WEIGHTS =
  'pretrained_weights_path is left out: upload the weights and name them in a stage, as from: { upload: sha256:... }';

/**
 * The sweep that BehaveNet's files describe (its grid search runs every combination of the lists in them). `files` are its
 * model, training and data files in any order, and the architecture file that `ae_arch_json` names.
 * @throws UsageError saying which file and key cannot be taken over
 */
export function convertBehaveNet(files: readonly SourceFile[], parametersOf: ParametersOf): Converted {
  const architectures = files.filter(
    ({ content }) => 'ae_encoding_n_channels' in content && !('model_class' in content),
  );
  const given = merged(files.filter((file) => !architectures.includes(file)));
  const notes: string[] = [];
  const model = modelOf(given);
  const known = parametersOf(model);
  if (known === null)
    throw new UsageError(`model_class ${JSON.stringify(given['model_class'])}: this trawl has no model ${model}`);

  const found = new Map<string, unknown>();
  const left: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (SETTINGS.has(key) || HANDLED.has(key)) continue;
    const own = ownName(key, model);
    if (own === null) continue;
    if (own === 'gamma')
      notes.push('ps_vae.gamma is dead in BehaveNet too: its rotation is orthogonal by construction');
    else if (known.has(own)) found.set(own, value);
    else if (key !== 'pretrained_weights_path') left.push(key);
    else if (value !== null) notes.push(NO_WEIGHTS);
  }
  if (left.length > 0) notes.push(`left out, as ${model} has no such parameter: ${left.join(', ')}`);
  const architecture = architectureOf(given['ae_arch_json'], architectures);
  if (architecture !== null) found.set('architecture', architecture);
  if (known.has('sampling') && !found.has('sampling'))
    notes.push("trawl draws latents with std exp(logvar / 2); params.sampling behavenet gives BehaveNet's exp(logvar)");

  const params: Record<string, unknown> = {};
  const grid: Record<string, unknown[]> = {};
  for (const [name, value] of found) {
    if (!Array.isArray(value)) params[name] = value;
    else if (value.length === 1) params[name] = value[0];
    else grid[name] = value;
  }
  return {
    spec: {
      name: textOf(given, 'experiment_name') ?? 'behavenet',
      model,
      dataset: { kind: 'hdf5', path: pathOf(given) },
      params,
      ...seedsOf(given['rng_seed_model']),
      ...(Object.keys(grid).length > 0 ? { grid } : {}),
    },
    notes,
  };
}

function merged(files: readonly SourceFile[]): Record<string, unknown> {
  const from = new Map<string, { value: unknown; name: string }>();
  for (const { name, content } of files) {
    for (const [key, value] of Object.entries(content)) {
      const before = from.get(key);
      if (before !== undefined && JSON.stringify(before.value) !== JSON.stringify(value)) {
        const values = `${JSON.stringify(before.value)} in ${before.name} and ${JSON.stringify(value)} in ${name}`;
        throw new UsageError(`${key} is ${values}: give files that agree`);
      }
      from.set(key, { value, name });
    }
  }
  return Object.fromEntries([...from].map(([key, { value }]) => [key, value]));
}

function modelOf(given: Record<string, unknown>): string {
  const name = given['model_class'];
  const model = typeof name === 'string' ? MODELS[name] : undefined;
  const legal = Object.keys(MODELS).join(', ');
  if (name === undefined)
    throw new UsageError(`model_class is missing: give BehaveNet's ae_model.json; it may be ${legal}`);
  if (model === undefined) throw new UsageError(`model_class is ${JSON.stringify(name)}; trawl takes ${legal}`);
  const type = given['model_type'] ?? 'conv';
  if (type !== 'conv') throw new UsageError(`model_type is ${JSON.stringify(type)}; trawl takes conv`);
  return model;
}

/** The parameter that a key stands for; null where it is one of another model class. */
function ownName(key: string, model: string): string | null {
  const prefix = Object.keys(PREFIXES).find((each) => key.startsWith(each));
  if (prefix === undefined) return key;
  return (PREFIXES[prefix] ?? '').split(' ').includes(model) ? key.slice(prefix.length) : null;
}

function architectureOf(named: unknown, files: readonly SourceFile[]): unknown {
  if (named === undefined || named === null) {
    const [unused] = files;
    if (unused === undefined) return null;
    throw new UsageError(`${unused.name} is an architecture, and ae_arch_json names none: set it to this file's name`);
  }
  const contents = (Array.isArray(named) ? named : [named]).map((path: unknown) => {
    const base = String(path).split(/[/\\]/).at(-1);
    const file = files.find(({ name }) => name.split(/[/\\]/).at(-1) === base);
    if (file === undefined) throw new UsageError(`ae_arch_json names ${String(path)}: give that file too`);
    return file.content;
  });
  // A list of architectures is an axis, as any list.
  return contents.length === 1 ? contents[0] : contents;
}

/** Where BehaveNet keeps the data of a session, below its data_dir. */
function pathOf(given: Record<string, unknown>): string {
  const sessions = given['sessions_csv'];
  if (typeof sessions === 'string' && sessions !== '')
    throw new UsageError(
      `sessions_csv is ${JSON.stringify(sessions)}: the import takes one session; write the dataset of several into the spec by hand`,
    );
  const parts = ['lab', 'expt', 'animal', 'session'].map((key) => {
    const value = textOf(given, key);
    if (value === null)
      throw new UsageError(`${key} is missing: give BehaveNet's data file, with lab, expt, animal and session`);
    if (value === 'all') throw new UsageError(`${key} is all: the import takes one session; name it`);
    return value;
  });
  return [...parts, 'data.hdf5'].join('/');
}

function textOf(given: Record<string, unknown>, key: string): string | null {
  const value = given[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Replicates: BehaveNet's seeds of the model. */
function seedsOf(given: unknown): { seeds?: number[] } {
  if (given === undefined || given === null) return {};
  const seeds = (Array.isArray(given) ? given : [given]).map((seed: unknown) => {
    if (typeof seed === 'number' && Number.isInteger(seed) && seed >= 0) return seed;
    throw new UsageError(`rng_seed_model is ${JSON.stringify(given)}; trawl takes whole numbers from 0`);
  });
  return { seeds };
}
