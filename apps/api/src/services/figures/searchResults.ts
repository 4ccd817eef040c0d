import { type SearchResults, type SeedPanel, valueText } from '@trawl/figures/renderer';
import { metricName, type Params, type ParamValue, type Split } from '@trawl/spec';
import { ProblemError } from '../../problems.js';
import { searchesOf } from '../stages.js';
import { agree, countWords, metricCard, plotted, rankedBy, type StageData } from './cells.js';
import type { FigureKind, FigureOptions } from './kinds.js';
import { hasSucceeded, stageData, stageWithRuns, type SweepSubject } from './subjects.js';

/** BehaveNet's guide: metrics by what they are called there. */
export const METRIC_TITLES: Record<string, string> = {
  loss: 'Loss',
  loss_data_mse: 'Pixel MSE',
  label_mse: 'Label MSE',
  label_r2: 'Label R²',
  loss_zs_kl: 'KL, supervised',
  loss_zu_mi: 'ICMI',
  loss_zu_tc: 'Total correlation',
  loss_zu_dwkl: 'DWKL',
  latent_correlation: 'Latent correlation',
};
const BY_ALPHA = ['loss_data_mse', 'label_mse'];
const BY_BETA = ['loss_data_mse', 'label_mse', 'loss_zu_mi', 'loss_zu_tc', 'loss_zu_dwkl', 'latent_correlation'];
const PANELS = 8;

export const searchResultsKind: FigureKind<SweepSubject> = {
  name: 'search-results',
  title: 'Search results',
  description:
    'Metrics by parameter, every seed a point, with mean and interval: the eight panels of the PS-VAE guide (alpha and latents, then beta); for other models up to eight metrics by the first axis',
  kind: 'figure',
  options: ['stage', 'split'],
  prepare: async (subject, options) => {
    const data = await searchResults(subject, options);
    return { key: data, load: async () => ({ figure: 'search-results', data }) };
  },
};

/** @throws ProblemError 409 where no run has finished */
export async function searchResults(
  subject: SweepSubject,
  { stage, split = 'val' }: FigureOptions,
): Promise<SearchResults> {
  const { sweep, stages } = subject;
  const main = await stageWithRuns(stage, subject);
  const candidates =
    stage === undefined ? await Promise.all(searchesOf(stages).map((each) => stageData(each, subject))) : [main];
  const started = candidates.filter(hasSucceeded);
  const alpha = started.find(
    ({ criterion }) => criterion.axes.includes('alpha') || criterion.axes.includes('n_ae_latents'),
  );
  const beta = started.findLast(({ criterion }) => criterion.axes.includes('beta'));
  const { shape } = main.criterion.card.params;
  // The guide's panels are of a model that weighs labels and total correlation.
  const known = shape['alpha'] !== undefined && shape['beta'] !== undefined;
  const guided = known && (alpha !== undefined || beta !== undefined);
  const shown = guided ? [...new Set([alpha, beta].flatMap((data) => data ?? []))] : [main];
  return {
    title: `${sweep.name}: search results`,
    subtitle: `${sweep.model} · ${shown.map((data) => `stage ${data.stage.name}: ${countWords(data)}`).join(' · ')}`,
    panels: guided
      ? guidePanels(alpha, beta, split, stage === undefined ? 'no finished stage varies' : 'the stage does not vary')
      : plainPanels(main, split),
    notes: [
      'Summaries of each run’s best model over the whole split. Failed, unfinished and ineligible runs are marked and count in no mean.',
    ],
  };
}

function guidePanels(
  alpha: StageData | undefined,
  beta: StageData | undefined,
  split: Split,
  lacks: string,
): SeedPanel[] {
  return [
    ...BY_ALPHA.map((name) =>
      alpha ? panel(alpha, fullName(alpha, name, split), alphaView(alpha)) : missing(name, 'alpha', `${lacks} alpha`),
    ),
    ...BY_BETA.map((name) =>
      beta ? panel(beta, fullName(beta, name, split), betaView(beta)) : missing(name, 'beta', `${lacks} beta`),
    ),
  ];
}

function plainPanels(data: StageData, split: Split): SeedPanel[] {
  const { card, axes, metric } = data.criterion;
  const [x, series] = axes;
  if (x === undefined)
    throw new ProblemError(
      'conflict',
      `Stage ${data.stage.name} varies no parameter: there is nothing to plot against.`,
    );
  const others = card.metrics.filter((each) => each.summary).map(({ name }) => fullName(data, name, split));
  const metrics = [...new Set([metric, ...others])].slice(0, PANELS);
  return metrics.map((full) => panel(data, full, view(data, x, series ?? null)));
}

/** In the wanted split where the metric has it. */
function fullName({ criterion }: StageData, name: string, split: Split): string {
  const splits = criterion.card.metrics.find((each) => each.name === name && each.summary)?.splits ?? [];
  return metricName(splits.includes(split) ? split : (splits[0] ?? split), name);
}

/** Which cells a panel shows: those that agree with a reference in all that it does not vary. */
interface View {
  x: string;
  series: string | null;
  reference: Params;
  others: string[];
  fixed: string;
}

/** The guide holds beta at 1 here. */
function alphaView(data: StageData): View {
  const { axes } = data.criterion;
  const x = axes.includes('alpha') ? 'alpha' : 'n_ae_latents';
  const given = view(data, x, x === 'alpha' && axes.includes('n_ae_latents') ? 'n_ae_latents' : null, ['beta']);
  const one = data.results.cells.find(({ point }) => point['beta'] === 1);
  if (!axes.includes('beta') || one === undefined) return given;
  return {
    ...given,
    reference: { ...given.reference, beta: 1 },
    fixed: fixedWords({ ...one.params, ...given.reference, beta: 1 }, ['beta', ...given.others]),
  };
}

const betaView = (data: StageData): View => view(data, 'beta', null, ['alpha', 'n_ae_latents']);

/** Around the selected cell, else the best, else the first. */
function view(data: StageData, x: string, series: string | null, told: readonly string[] = []): View {
  const { stage, results, criterion } = data;
  const others = criterion.axes.filter((axis) => axis !== x && axis !== series);
  const best = rankedBy(data, criterion.metric).find(({ rank }) => rank !== null);
  const chosen = stage.selectedCellId ?? best?.cellId;
  const reference = results.cells.find(({ cellId }) => cellId === chosen) ?? results.cells[0];
  const fixed = fixedWords({ ...reference?.params, ...reference?.point }, [
    ...told.filter((name) => name !== x && name !== series),
    ...others,
  ]);
  return { x, series, reference: reference?.point ?? {}, others, fixed };
}

const fixedWords = (params: Params, names: readonly string[]): string =>
  [...new Set(names)]
    .flatMap((name) => (params[name] === undefined ? [] : [`${name} = ${valueText(params[name])}`]))
    .join(', ');

function panel(data: StageData, full: string, { x, series, reference, others, fixed }: View): SeedPanel {
  const { card } = data.criterion;
  const metric = metricCard(card, full);
  const [split = '', name = ''] = full.split('.', 2);
  const title = METRIC_TITLES[name] ?? name;
  if (!metric?.summary) return missing(name, x, `${card.name} reports no ${name}`);
  const cells = rankedBy(data, full).flatMap((cell) => {
    const value: ParamValue | undefined = cell.point[x];
    if (value === undefined || !agree(cell.point, reference, others)) return [];
    return [{ x: value, series: series === null ? null : (cell.point[series] ?? null), ...plotted(cell, data) }];
  });
  return {
    title,
    unit: `${metric.unit} · ${split}`,
    xName: x,
    seriesName: series,
    cells,
    empty: cells.length === 0 ? 'no cell to show' : null,
    fixed,
  };
}

const missing = (name: string, xName: string, why: string): SeedPanel => ({
  title: METRIC_TITLES[name] ?? name,
  unit: '',
  xName,
  seriesName: null,
  cells: [],
  empty: why,
  fixed: '',
});
