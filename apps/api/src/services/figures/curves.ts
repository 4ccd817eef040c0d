import { count, type CurvePanel, type TrainingCurves, valueText } from '@trawl/figures/renderer';
import {
  type Curve,
  fromWire,
  metricName,
  type ModelCard,
  type Params,
  type ParamValue,
  type RunView,
  type Split,
} from '@trawl/spec';
import type { Store } from '@trawl/store';
import { parameterProblem, ProblemError } from '../../problems.js';
import { countWords } from './cells.js';
import type { FigureKind, FigureOptions } from './kinds.js';
import { METRIC_TITLES } from './searchResults.js';
import { type RunSubject, stageData, type SweepSubject } from './subjects.js';
import { searchesOf, stageNamed } from '../stages.js';

/** Terms of the objective, as the guide orders them. */
const GUIDE = ['loss', 'loss_data_mse', 'label_r2', 'loss_zs_kl', 'loss_zu_mi', 'loss_zu_tc', 'loss_zu_dwkl'];
const PANELS = 8;
/** More lines are a carpet. */
const MOST_RUNS = 300;
/** Points a curve: what 40 mm can show, fewer where there are many. */
const pointsFor = (runs: number): number => (runs > 60 ? 80 : runs > 15 ? 150 : 300);
const AT_ONCE = 4;

const description =
  'Terms of the objective over epochs: seven panels of the PS-VAE guide; for other models up to eight metrics';

export const sweepCurvesKind: FigureKind<SweepSubject> = {
  name: 'training-curves',
  title: 'Training curves',
  description: `${description}. One line a run; hue is any varied parameter`,
  kind: 'figure',
  options: ['stage', 'split', 'hue'],
  prepare: async (subject, options) => {
    const { sweep, stages, services } = subject;
    const stage =
      options.stage === undefined
        ? (searchesOf(stages).findLast(({ state }) => state !== 'pending') ?? stages[0])
        : stageNamed(options.stage, stages);
    if (stage === undefined) throw new Error('a sweep without a stage');
    const data = await stageData(stage, subject);
    const { card, axes } = data.criterion;
    const hue = hueOf(options, axes);
    const cells = new Map(data.results.cells.map((cell) => [cell.cellId, cell]));
    const page = await services.store.runs.page(sweep.id, { stage: stage.name, limit: MOST_RUNS });
    // A run of an earlier stage that this one took over has the point of that stage.
    const runs = page.items
      .filter(({ epoch }) => epoch !== null)
      .map((run) => ({ ...run, point: cells.get(run.cellId)?.point ?? run.point }));
    if (runs.length === 0)
      throw new ProblemError('conflict', `There is nothing to draw: no run of stage ${stage.name} has trained yet.`);
    const left = data.results.runs.length - runs.length;
    return prepared({
      runs,
      card,
      split: options.split ?? 'val',
      title: `${sweep.name}: training curves`,
      subtitle: `${sweep.model} · stage ${stage.name} · ${countWords(data)}`,
      hue,
      rampEnds: rampEnd(runs.map((run) => cells.get(run.cellId)?.params)),
      notes: left > 0 ? [`${count(left, 'run')} not shown: not begun, or beyond the first ${MOST_RUNS}.`] : [],
      store: services.store,
    });
  },
};

export const runCurvesKind: FigureKind<RunSubject> = {
  name: 'training-curves',
  title: 'Training curves',
  description,
  kind: 'figure',
  options: ['split'],
  prepare: async ({ run, services }, options) => {
    const card = services.catalog.get(run.model);
    if (!card) throw new ProblemError('conflict', `This build has no model ${run.model} any more.`);
    if (run.epoch === null)
      throw new ProblemError('conflict', `There is nothing to draw: the run is ${run.state} and has not trained yet.`);
    return prepared({
      runs: [run],
      card,
      split: options.split ?? 'val',
      ...(await runWords({ run, services })),
      hue: null,
      rampEnds: rampEnd([run.params]),
      notes: [],
      store: services.store,
    });
  },
};

/** Title and subtitle of a figure of one run: all that its sweep varies. */
export async function runWords({ run, services }: RunSubject): Promise<{ title: string; subtitle: string }> {
  const sweep = await services.store.sweeps.detail(run.sweepId);
  const varied = new Set([...Object.keys(run.point), ...(sweep?.stages.flatMap(({ axes }) => axes) ?? [])]);
  const values = [...varied].flatMap((name) => {
    const value = run.point[name] ?? run.params[name];
    return value === undefined ? [] : [`${name} = ${valueText(value)}`];
  });
  return {
    title: `${sweep?.name ?? run.model}: ${[...values, `seed ${run.seed}`].join(', ')}`,
    subtitle: `${run.model} · run ${run.id} · ${run.state}`,
  };
}

function hueOf({ hue }: FigureOptions, axes: readonly string[]): string | null {
  if (hue === undefined) return axes.includes('beta') ? 'beta' : (axes[0] ?? null);
  if (axes.includes(hue)) return hue;
  throw parameterProblem(
    'hue',
    'the stage does not vary it',
    hue,
    axes.length === 0 ? 'nothing: the stage varies no parameter' : axes.join(', '),
  );
}

/** Where all runs anneal alike. */
function rampEnd(params: readonly (Params | undefined)[]): number | null {
  const ends = new Set(params.map((each) => each?.['anneal_epochs']));
  const [end] = ends;
  return ends.size === 1 && typeof end === 'number' ? end : null;
}

interface CurvesInput {
  runs: readonly Pick<RunView, 'id' | 'fence' | 'state' | 'epoch' | 'point' | 'seed'>[];
  card: ModelCard;
  split: Split;
  title: string;
  subtitle: string;
  hue: string | null;
  rampEnds: number | null;
  notes: string[];
  store: Store;
}

function prepared({ runs, card, split, title, subtitle, hue, rampEnds, notes, store }: CurvesInput) {
  const names = namesIn(card, split);
  const head = { title: `${title} (${split})`, subtitle, seriesName: hue, rampEnds, notes };
  return {
    key: [head, names, runs.map(({ id, fence, state, epoch }) => [id, fence, state, epoch])],
    load: async () => {
      const read = await readCurves(
        runs.map(({ id }) => id),
        names,
        store,
      );
      const input = runs.map((run) => ({ seed: run.seed, series: hue === null ? null : (run.point[hue] ?? null) }));
      const panels = panelsOf(names, card, split, input, read);
      const data: TrainingCurves = { ...head, panels };
      return { figure: 'training-curves' as const, data };
    },
  };
}

/** `read` has the curves of each of the runs. */
function panelsOf(
  names: readonly string[],
  card: ModelCard,
  split: Split,
  runs: readonly { seed: number; series: ParamValue | null }[],
  read: readonly Curve[][],
): CurvePanel[] {
  return names.map((full) => {
    const metric = card.metrics.find(({ name }) => full === metricName(split, name));
    const curves = runs.flatMap(({ seed, series }, i) => {
      const curve = read[i]?.find(({ name }) => name === full);
      return curve === undefined ? [] : [{ series, seed, epochs: curve.epochs, values: curve.values.map(fromWire) }];
    });
    return {
      title: METRIC_TITLES[metric?.name ?? ''] ?? metric?.name ?? full,
      unit: `${metric?.unit ?? ''} · ${split}`,
      curves,
      empty: curves.length === 0 ? 'no run has reported it' : null,
    };
  });
}

/** The terms of the guide that the model has, else what it reports every epoch. */
function namesIn(card: ModelCard, split: Split): string[] {
  const reported = card.metrics
    .filter(({ perEpoch, splits }) => perEpoch && splits.includes(split))
    .map(({ name }) => name);
  const guided = GUIDE.filter((name) => reported.includes(name));
  const chosen = guided.length > 2 ? guided : reported.slice(0, PANELS);
  if (chosen.length > 0) return chosen.map((name) => metricName(split, name));
  const splits = [...new Set(card.metrics.filter(({ perEpoch }) => perEpoch).flatMap((metric) => metric.splits))];
  throw parameterProblem(
    'split',
    `${card.name} reports no curves of it`,
    split,
    splits.join(', ') || 'none: the model reports no curves',
  );
}

/** Of the seeds of one cell, for a page that shows several cells; null where none has curves. */
export async function curvesOfRuns(
  title: string,
  runs: readonly { runId: string; seed: number }[],
  card: ModelCard,
  store: Store,
): Promise<TrainingCurves | null> {
  const names = namesIn(card, 'val');
  const read = await readCurves(
    runs.map(({ runId }) => runId),
    names,
    store,
  );
  if (read.every((curves) => curves.length === 0)) return null;
  const input = runs.map(({ seed }) => ({ seed, series: seed }));
  return {
    title: `${title} (val)`,
    subtitle: count(runs.length, 'run'),
    seriesName: 'seed',
    rampEnds: null,
    notes: [],
    panels: panelsOf(names, card, 'val', input, read),
  };
}

/** A few runs at a time: the pool serves others too. */
async function readCurves(ids: readonly string[], names: string[], store: Store): Promise<Curve[][]> {
  const maxPoints = pointsFor(ids.length);
  const read: Curve[][] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    read.push(
      ...(await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => store.metrics.curves(id, { names, maxPoints })))),
    );
  }
  return read;
}
