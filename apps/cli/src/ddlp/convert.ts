import type { Converted, ParametersOf, SourceFile } from '../behavenet/convert.js';
import { UsageError } from '../context.js';

/** Where a set of the original is read from here, given the image size and its folder's name. */
const DATASETS: Record<string, (size: unknown, name: string) => Record<string, unknown>> = {
  shapes: (size) => ({ kind: 'shapes', ...(size === undefined ? {} : { size }) }),
  balls: (size) => ({ kind: 'balls', frames: 100, ...(size === undefined ? {} : { size }) }),
  obj3d: (size, path) => ({ kind: 'frames', path, layout: 'obj3d', size: size ?? null }),
  clevrer: (size, path) => ({ kind: 'frames', path, layout: 'clevrer', size: size ?? null }),
  phyre: (size, path) => ({ kind: 'frames', path, layout: 'phyre', size: size ?? null }),
  traffic: (size, path) => ({ kind: 'frames', path: `${path}.npy`, layout: 'traffic', size: size ?? null }),
};

/** Read and used nowhere, or told to trawl by other means. */
const IGNORED: Record<string, string> = {
  device: 'the worker gives a run its device',
  load_model: "weights come by a stage's from",
  pretrained_path: 'upload the weights and name them in a stage, as from: { upload: sha256:... }',
  context_dim: 'a leftover that the original reads nowhere',
};
const HANDLED = new Set(['ds', 'root', 'run_prefix']);

/** Values that are lists themselves: an axis of them is a list of lists. */
const LISTS = new Set(['enc_channels', 'prior_channels', 'adam_betas', 'kp_range']);

export type DdlpModel = 'dlp' | 'ddlp';

/**
 * The sweep that configs of taldatech/ddlp describe: lists are axes, several files are cells that hold what differs. The
 * model is that of images for `shapes` and sets whose name ends in `_img`, that of video for others, unless told.
 * @throws UsageError saying which file and key cannot be taken over
 */
export function convertDdlp(files: readonly SourceFile[], parametersOf: ParametersOf, told?: DdlpModel): Converted {
  const notes: string[] = [];
  const read = files.map((file) => readConfig(file, parametersOf, told, notes));
  const [first] = read;
  if (first === undefined) throw new UsageError('give a config of DDLP');
  const other = read.find(({ model }) => model !== first.model);
  if (other)
    throw new UsageError(
      `${first.file} is of ${first.model}, ${other.file} of ${other.model}: give files of one model, or say --model`,
    );
  const spec = { name: read.map(({ name }) => name).join('-'), model: first.model };
  if (read.length === 1) {
    const { dataset, params, grid } = first;
    return { spec: { ...spec, dataset, params, ...(Object.keys(grid).length > 0 ? { grid } : {}) }, notes };
  }
  const lists = read.find(({ grid }) => Object.keys(grid).length > 0);
  if (lists)
    throw new UsageError(
      `${lists.file} has lists (${Object.keys(lists.grid).join(', ')}): give it alone, or single values`,
    );
  const points = read.map(pointOf);
  const keys = [...new Set(points.flatMap((point) => Object.keys(point)))];
  const alike = (key: string): boolean => new Set(points.map((point) => JSON.stringify(point[key]))).size === 1;
  const lacking = keys.find((key) => points.some((point) => !(key in point)));
  if (lacking !== undefined) {
    const file = read[points.findIndex((point) => !(lacking in point))]?.file ?? '';
    throw new UsageError(`${file} has no ${lacking}, which another file has: cells need the same keys`);
  }
  const cells = points.map((point) =>
    Object.fromEntries(keys.filter((key) => !alike(key)).map((key) => [key, point[key]])),
  );
  return { spec: { ...spec, dataset: first.dataset, params: shared(first.params, alike), cells }, notes };
}

const shared = (params: Record<string, unknown>, alike: (key: string) => boolean): Record<string, unknown> =>
  Object.fromEntries(Object.entries(params).filter(([key]) => alike(key)));

/** All that tells one config from another, by the names of axes. */
function pointOf({ params, dataset }: Config): Record<string, unknown> {
  const paths = Object.entries(dataset).map(([key, value]) => [`dataset.${key}`, value] as const);
  return { ...params, ...Object.fromEntries(paths) };
}

interface Config {
  file: string;
  name: string;
  model: DdlpModel;
  dataset: Record<string, unknown>;
  params: Record<string, unknown>;
  grid: Record<string, unknown[]>;
}

function readConfig(
  { name: file, content }: SourceFile,
  parametersOf: ParametersOf,
  told: DdlpModel | undefined,
  notes: string[],
): Config {
  const { ds } = content;
  if (typeof ds !== 'string' || ds === '')
    throw new UsageError(`${file}: ds is missing: give a file of DDLP's configs`);
  const model = told ?? (ds === 'shapes' || ds.endsWith('_img') ? 'dlp' : 'ddlp');
  const known = parametersOf(model);
  if (known === null)
    throw new UsageError(`${file}: this trawl has no model ${model}; --model dlp takes its frames one by one`);
  const ofVideo = parametersOf('ddlp');
  const params: Record<string, unknown> = {};
  const grid: Record<string, unknown[]> = {};
  const [left, video]: [string[], string[]] = [[], []];
  const say = (words: string): void => void notes.push(files(file, words));
  for (const [key, value] of Object.entries(content)) {
    if (HANDLED.has(key)) continue;
    const why = IGNORED[key];
    if (why !== undefined) {
      if (value !== null && value !== false) say(`${key} is ignored: ${why}`);
    } else if (!known.has(key)) (VIDEO_KEYS.has(key) || ofVideo?.has(key) ? video : left).push(key);
    else if (key === 'use_tracking') continue;
    else if (isAxis(key, value)) {
      if (value.length === 1) params[key] = value[0];
      else grid[key] = value;
    } else params[key] = value;
  }
  if (video.length > 0) say(`of video, ignored by ${model}, which takes frames one by one: ${video.join(', ')}`);
  if (left.length > 0) say(`left out, as ${model} has no such parameter: ${left.join(', ')}`);
  const losses = [content['recon_loss_type']].flat();
  if (losses.includes('vgg'))
    say(
      'recon_loss_type vgg needs weights of VGG16: upload them and set vgg_weights (docs/dlp.md), or set mse, and beta_kl (and beta_dyn) to 0.01 to 0.15 with it',
    );
  return { file, name: nameOf(ds, content), model, dataset: datasetOf(file, ds, content, say), params, grid };
}

const files = (file: string, words: string): string => `${file.split(/[/\\]/).at(-1) ?? file}: ${words}`;

/** Of the original's video model; named also where this trawl has none. */
const VIDEO_KEYS = new Set([
  'timestep_horizon',
  'beta_dyn',
  'beta_dyn_rec',
  'num_static_frames',
  'predict_delta',
  'pint_layers',
  'pint_heads',
  'pint_dim',
  'start_dyn_epoch',
  'cond_steps',
  'animation_horizon',
  'animation_fps',
]);

const isAxis = (key: string, value: unknown): value is unknown[] =>
  Array.isArray(value) && (!LISTS.has(key) || Array.isArray(value[0]));

function nameOf(ds: string, { run_prefix: prefix }: Record<string, unknown>): string {
  return typeof prefix === 'string' && prefix !== '' ? `${ds}${prefix.startsWith('_') ? '' : '_'}${prefix}` : ds;
}

function datasetOf(
  file: string,
  ds: string,
  { root, image_size: size }: Record<string, unknown>,
  say: (words: string) => void,
): Record<string, unknown> {
  const set = ds.replace(/_img$/, '').replace(/\d+$/, '');
  const make = DATASETS[set];
  if (make === undefined)
    throw new UsageError(
      `${file}: ds is ${JSON.stringify(ds)}; trawl reads ${Object.keys(DATASETS).join(', ')} and their variants`,
    );
  if (set === 'balls') say("the original's file of balls is not published: trawl draws its own clips");
  const last =
    typeof root === 'string' ? (root.split(/[/\\]/).findLast((part) => part !== '' && part !== '.') ?? '') : '';
  const name = last.replace(/\.npy$/, '') || set;
  const dataset = make(Array.isArray(size) ? undefined : size, name);
  if ('path' in dataset)
    say(`root is ${JSON.stringify(root ?? null)}: put the set at ${String(dataset['path'])} below a data root`);
  return dataset;
}
