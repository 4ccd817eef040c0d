import { readLabels } from '@trawl/figures/data/evaluation';
import { axesOf, componentsFit, labelFit, type LabelRow, type RankableCell, type RankableRun } from '@trawl/search';
import { EVALUATION_FILE, type LabelFit, type Params, SPLITS } from '@trawl/spec';
import type { StageRow } from '@trawl/store';
import { parameterProblem } from '../problems.js';
import { bytesOf, evaluationOf } from './figures/evaluation.js';
import type { Services } from './services.js';
import { newestSearch, searchOf, stageNamed, stagesOf } from './stages.js';

/** Of the true labels: of a body in the plane they are about its position. */
const COMPONENTS = 2;
/** BehaveNet's name for the seed of the split, which is pooled where nothing is said. */
const SPLIT_SEED = 'rng_seed_data';

type Group = LabelFit['groups'][number];
interface Query {
  stage?: string | undefined;
  split: 'val' | 'test';
  over?: string | undefined;
}
interface Row extends LabelRow {
  /** Trial and frame in the data. */
  frame: string;
}

/** How well the runs of a stage predict held-out labels, over the frames of all runs that differ in `over` and seed alone. */
export async function labelFitOf(sweepId: string, query: Query, services: Services): Promise<LabelFit> {
  const stages = await stagesOf(sweepId, services);
  const stage = query.stage === undefined ? newestSearch(stages) : stageNamed(query.stage, stages);
  const { cells, runs } = await services.store.stages.results(stage.id);
  const over = pooled(query.over, searchOf(stage, stages));
  const groups: Group[] = [];
  for (const [point, members] of grouped(cells, over)) {
    groups.push(await scoreGroup({ point, members, runs, over, split: query.split }, services));
  }
  return { sweepId, stage: stage.name, split: query.split, over, components: COMPONENTS, groups };
}

function pooled(wanted: string | undefined, { name, plan }: StageRow): string | null {
  const axes = axesOf(plan.space);
  if (wanted === undefined) return axes.includes(SPLIT_SEED) ? SPLIT_SEED : null;
  if (axes.includes(wanted)) return wanted;
  throw parameterProblem(
    'over',
    `stage ${name} does not vary it`,
    wanted,
    axes.join(', ') || 'nothing: it varies none',
  );
}

function grouped(cells: readonly RankableCell[], over: string | null): Iterable<[Params, RankableCell[]]> {
  const groups = new Map<string, [Params, RankableCell[]]>();
  for (const cell of cells) {
    const point = Object.fromEntries(Object.entries(cell.point).filter(([name]) => name !== over));
    const key = JSON.stringify(point);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point, [cell]]);
    else group[1].push(cell);
  }
  return groups.values();
}

interface Members {
  point: Params;
  members: readonly RankableCell[];
  runs: readonly RankableRun[];
  over: string | null;
  split: 'val' | 'test';
}

async function scoreGroup({ point, members, runs, over, split }: Members, services: Services): Promise<Group> {
  const all: Row[] = [];
  const scored: Group['runs'] = [];
  let labels: string[] = [];
  for (const cell of members) {
    const value = over === null ? null : (cell.point[over] ?? null);
    for (const run of runs.filter(({ cellId }) => cellId === cell.cellId)) {
      const read = await rowsOf(run, split, services);
      const { n, r2, mse } = labelFit(read.rows);
      scored.push({ runId: run.runId, seed: run.seed, value, n, r2, mse, why: read.why });
      all.push(...read.rows);
      if (read.labels.length > 0) labels = read.labels;
    }
  }
  const frames = new Set(all.filter(({ truth }) => truth.some((value) => value !== null)).map(({ frame }) => frame))
    .size;
  return { point, labels, frames, fit: labelFit(all), baseline: componentsFit(all, COMPONENTS), runs: scored };
}

interface Read {
  rows: Row[];
  labels: string[];
  why: string | null;
}
const missing = (why: string): Read => ({ rows: [], labels: [], why });

async function rowsOf(run: RankableRun, split: 'val' | 'test', services: Services): Promise<Read> {
  if (run.state !== 'succeeded') return missing(run.state);
  const artifact = await evaluationOf(run.runId, services);
  if (artifact === null) return missing(`it left no ${EVALUATION_FILE}`);
  const { names, ...arrays } = readLabels(await bytesOf(artifact, services));
  const count = names.labels.length;
  if (count === 0) return missing('the model predicts no labels');
  const rows: Row[] = [];
  let [trial, frame] = [-1, 0];
  for (let row = 0; row < arrays.frame_trial.data.length; row += 1) {
    const at = arrays.frame_trial.data[row] ?? 0;
    frame = at === trial ? frame + 1 : 0;
    trial = at;
    if (arrays.frame_split.data[row] !== SPLITS.indexOf(split)) continue;
    const cells = Array.from({ length: count }, (_, label) => row * count + label);
    rows.push({
      frame: `${trial}:${frame}`,
      truth: cells.map((i) => (arrays.labels_mask.data[i] === 0 ? null : (arrays.labels_true.data[i] ?? null))),
      predicted: cells.map((i) => arrays.labels_predicted.data[i] ?? Number.NaN),
    });
  }
  return { rows, labels: names.labels, why: rows.length === 0 ? `it has no frames of the split ${split}` : null };
}
