import type { GlimpsePlate } from '../plots/glimpsePlate.js';
import type { ParticleEpochs } from '../plots/particleEpochs.js';
import type { ParticlePlate } from '../plots/particlePlate.js';
import { particlesOf } from './particles.js';
import type { Movie } from '../movies/movie.js';
import { rolloutMovie } from '../movies/rollout.js';
import { comparisonMovie, traversalMovie } from '../movies/traversals.js';
import type { LabelReconstructions } from '../plots/labelReconstructions.js';
import type { LatentCorrelation } from '../plots/latentCorrelation.js';
import type { TraversalPlate } from '../plots/traversalPlate.js';
import { evaluationOf, type Sizes } from './evaluation.js';
import { rolloutOf } from './rollout.js';
import { wobble } from './wobble.js';
import type { SeedCell, SeedPanel, SeedValue } from '../plots/seedPanel.js';
import type { MetricHeatmap } from '../plots/metricHeatmap.js';
import type { RunCurve, TrainingCurves } from '../plots/trainingCurves.js';
import type { SearchResults } from '../plots/searchResults.js';

export const LONG =
  'a sweep with a rather long name, as people give them who want to know in a year what it was for, by all means';

export function cell(x: SeedCell['x'], series: SeedCell['series'], seeds: SeedValue[]): SeedCell {
  const values = seeds.flatMap(({ value, state }) => (state === 'counts' && value !== null ? [value] : []));
  const mean = values.length === 0 ? null : values.reduce((a, b) => a + b) / values.length;
  const half = values.length < 2 || mean === null ? null : Math.max(...values.map((v) => Math.abs(v - mean))) * 1.5;
  return { x, series, seeds, mean, interval: mean === null || half === null ? null : [mean - half, mean + half] };
}

export const seeds = (n: number, base: number, scale: number, at = 0): SeedValue[] =>
  Array.from({ length: n }, (_, i) => ({ seed: i + 1, value: base + scale * wobble(at + i), state: 'counts' }));

const METRICS = [
  ['Pixel MSE', 'intensity², 0..1 · val', 0.004],
  ['Label MSE', 'label units² (z-scored) · val', 0.3],
  ['Pixel MSE', 'intensity², 0..1 · val', 0.003],
  ['Label MSE', 'label units² (z-scored) · val', 0.2],
  ['ICMI', 'nats a frame · val', 2.1],
  ['Total correlation', 'nats a frame · val', -0.4],
  ['DWKL', 'nats a frame · val', 7.2],
  ['Latent correlation', 'mean |r| of pairs, 0..1 · train', 0.3],
] as const;

const panelsOf = (of: (i: number, base: number) => Partial<SeedPanel>): SeedPanel[] =>
  METRICS.map(([title, unit, base], i) => ({
    title,
    unit,
    xName: i < 2 ? 'alpha' : 'beta',
    seriesName: null,
    cells: [],
    empty: null,
    fixed: i < 2 ? 'beta = 1' : 'alpha = 1000, n_ae_latents = 10',
    ...of(i, base),
  }));

export const searchSamples: Record<string, SearchResults> = {
  usual: {
    title: 'psvae-openfield: search results',
    subtitle: 'ps-vae on hdf5 mouse-openfield.hdf5 · 24 runs of 8 cells, 3 seeds a cell · 2 runs failed',
    panels: panelsOf((i, base) => ({
      seriesName: i < 2 ? 'n_ae_latents' : null,
      cells:
        i < 2
          ? [50, 100, 500, 1000].flatMap((alpha, a) =>
              [10, 12, 16].map((latents, b) =>
                cell(alpha, latents, seeds(3, base * (1 + 0.3 * a), base * 0.2, i * 31 + a * 7 + b)),
              ),
            )
          : [1, 5, 10, 20].map((beta, b) =>
              cell(beta, null, [
                ...seeds(b === 1 ? 1 : 3, base * (1 - 0.1 * b), Math.abs(base) * 0.2, i * 17 + b * 3),
                ...(b === 1
                  ? [
                      { seed: 2, value: null, state: 'failed' as const },
                      { seed: 3, value: null, state: 'unfinished' as const },
                    ]
                  : []),
                ...(b === 3 && i === 7 ? [{ seed: 4, value: 0.34, state: 'ineligible' as const }] : []),
              ]),
            ),
    })),
    notes: ['Ranking reads train.latent_correlation. Cells of panels 1 and 2: stage alpha; of the others: stage beta.'],
  },
  one: {
    title: 'one run',
    subtitle: '1 run of 1 cell, 1 seed a cell',
    panels: panelsOf((i, base) =>
      i < 2 ? { empty: 'no stage varies alpha' } : { cells: [cell(1, null, seeds(1, base, 0))] },
    ),
    notes: [],
  },
  broken: {
    title: LONG,
    subtitle: `${LONG}; ${LONG}`,
    panels: panelsOf((i, base) => ({
      title: `${LONG} ${i}`,
      unit: LONG,
      fixed: `${LONG} = 1e-12`,
      xName: LONG,
      seriesName: `${LONG} series`,
      cells: [
        cell(LONG, 'ein sehr langer Wert einer Kategorie', seeds(3, base * 1e9, 1e9)),
        cell(`${LONG}!`, 'short', [{ seed: 1, value: Number.NaN, state: 'ineligible' }]),
        cell(`${LONG}?`, 'short', [
          { seed: 1, value: Number.POSITIVE_INFINITY, state: 'ineligible' },
          { seed: 2, value: Number.NEGATIVE_INFINITY, state: 'ineligible' },
          { seed: 3, value: null, state: 'failed' },
        ]),
        cell('α<β>&"', JSON.stringify([1, 2]), seeds(40, -1e-9, 1e-10)),
      ],
    })),
    notes: [LONG, `${LONG.replaceAll(' ', '_')}${LONG.replaceAll(' ', '_')}`],
  },
  many: {
    title: 'two hundred runs at random',
    subtitle: '200 runs of 200 cells, 1 seed a cell',
    panels: panelsOf((i, base) => ({
      seriesName: i < 2 ? 'n_ae_latents' : null,
      cells: Array.from({ length: 200 }, (_, k) =>
        cell(10 ** (4 * wobble(k)), i < 2 ? Math.floor(40 * wobble(k + 500)) + 10 : null, seeds(1, base, base, k + i)),
      ),
    })),
    notes: [],
  },
  grid: {
    title: 'a grid of 8 values, 25 seeds',
    subtitle: '200 runs of 8 cells, 25 seeds a cell',
    panels: panelsOf((_, base) => ({
      cells: [0.001, 0.01, 0.1, 1, 10, 100, 1000, 10000].map((x, k) =>
        cell(x, null, seeds(25, base, base * 0.3, k * 25)),
      ),
    })),
    notes: [],
  },
};

const curve = (series: RunCurve['series'], seed: number, epochs: number, at: number): RunCurve => ({
  series,
  seed,
  epochs: Array.from({ length: epochs }, (_, i) => i),
  values: Array.from(
    { length: epochs },
    (_, i) => 40 * Math.exp(-i / (epochs / 9)) + 3 + at * 0.3 + 0.4 * wobble(i * 7 + seed * 3 + at),
  ),
});

const TERMS = ['Loss', 'Pixel MSE', 'Label R²', 'KL, supervised', 'ICMI', 'Total correlation', 'DWKL'];

const curvesOf = (of: (i: number) => RunCurve[]): TrainingCurves => ({
  title: 'psvae-openfield: training curves (val)',
  subtitle: 'ps-vae · stage beta · 12 runs of 4 cells, 3 seeds a cell',
  seriesName: 'beta',
  rampEnds: 33,
  panels: TERMS.map((title, i) => ({ title, unit: 'nats a frame · val', curves: of(i), empty: null })),
  notes: [],
});

export const curvesSamples: Record<string, TrainingCurves> = {
  usual: curvesOf((i) =>
    [1, 5, 10, 20].flatMap((beta, b) => [1, 2, 3].map((seed) => curve(beta, seed, 100, b * 3 + i))),
  ),
  one: { ...curvesOf((i) => [curve(null, 1, 2, i)]), seriesName: null, rampEnds: null, subtitle: '1 run' },
  many: curvesOf((i) => Array.from({ length: 200 }, (_, k) => curve(k % 20, 1, 60, k / 20 + i))),
  broken: {
    ...curvesOf((i) =>
      i === 0
        ? []
        : [
            {
              series: LONG,
              seed: 1,
              epochs: [0, 1, 2, 3],
              values: [Number.NaN, 1e12, Number.POSITIVE_INFINITY, i === 1 ? Number.NaN : -1e12],
            },
            { series: `${LONG}!`, seed: 1, epochs: [0, 100_000], values: [i === 2 ? 5 : 1e-9, i === 2 ? 5 : 1e-9] },
          ],
    ),
    title: LONG,
    subtitle: LONG,
    seriesName: LONG,
    notes: [LONG],
  },
  empty: {
    ...curvesOf(() => []),
    panels: TERMS.map((title) => ({ title, unit: LONG, curves: [], empty: 'AE reports no such metric' })),
  },
};

const heat = (xs: SeedCell['x'][], ys: (SeedCell['x'] | null)[], of: (i: number) => SeedValue[]): MetricHeatmap => ({
  title: 'psvae-alpha-beta: latent correlation by alpha and beta',
  subtitle: 'ps-vae · stage search · 48 runs of 16 cells, 3 seeds a cell',
  metric: 'train.latent_correlation: mean |r| of pairs, 0..1',
  xName: 'alpha',
  yName: ys[0] === null ? null : 'beta',
  cells: xs.flatMap((x, a) => ys.map((y, b) => ({ ...cell(x, null, of(a * ys.length + b)), y }))),
  notes: ['Where more parameters vary, a cell shows the best of their values.'],
});

export const heatmapSamples: Record<string, MetricHeatmap> = {
  usual: heat([50, 100, 500, 1000], [1, 5, 10, 20], (i) =>
    i === 5
      ? [...seeds(2, 0.2, 0.1, i), { seed: 3, value: null, state: 'failed' }]
      : i === 9
        ? [
            { seed: 1, value: 0.3, state: 'ineligible' },
            { seed: 2, value: Number.NaN, state: 'ineligible' },
          ]
        : seeds(3, 0.1 + 0.02 * i, 0.1, i),
  ),
  one: heat([1], [null], () => seeds(1, 0.3, 0)),
  row: heat([1, 5, 10, 20], [null], (i) => seeds(5, 0.3 - 0.05 * i, 0.1, i)),
  many: heat(
    Array.from({ length: 20 }, (_, i) => i * 1.37),
    Array.from({ length: 10 }, (_, i) => 10 ** i),
    (i) => seeds(1, i, 1, i),
  ),
  broken: heat([LONG, `${LONG}!`, 1e-9, 12345678.9], [LONG, `${LONG}?`, true], (i) =>
    i % 3 === 0
      ? [{ seed: 1, value: Number.POSITIVE_INFINITY, state: 'ineligible' }]
      : i % 3 === 1
        ? seeds(40, -1e300, 1e300, i)
        : [{ seed: 1, value: null, state: 'unfinished' }],
  ),
};

const evaluations: Record<string, Sizes> = {
  usual: { labelledEvery: 1 },
  sparse: { labelledEvery: 8 },
  one: { labels: 1, unsupervised: 1, base: 1, steps: 5, height: 16, width: 16, trials: 1, framesPerTrial: 1 },
  none: { labels: 0, unsupervised: 2, trials: 0 },
  many: { labels: 40, unsupervised: 24, base: 1, steps: 5, trials: 40, framesPerTrial: 100, height: 32, width: 32 },
  views: { labels: 2, unsupervised: 3, channels: 2 },
  colour: { labels: 0, unsupervised: 3, channels: 3 },
  broken: { nan: true, prefix: `${LONG} `, trials: 60, framesPerTrial: 2 },
};
const run = {
  title: 'psvae-openfield: alpha = 1000, beta = 5, seed 2',
  subtitle: 'ps-vae · run 0198-7f31 · best model, epoch 83',
};
const long = { title: LONG, subtitle: LONG };
const samples = <T>(make: (name: string, sizes: Sizes) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(evaluations).map(([name, sizes]) => [name, make(name, sizes)]));

export const labelsSamples = samples<LabelReconstructions>((name, sizes) => ({
  ...(name === 'broken' ? long : run),
  evaluation: evaluationOf(sizes),
  trials: null,
}));
export const correlationSamples = samples<LatentCorrelation>((name, sizes) => ({
  ...(name === 'broken' ? long : run),
  evaluation: evaluationOf(sizes),
}));
export const platesSamples = samples<TraversalPlate>((name, sizes) => ({
  ...(name === 'broken' ? long : run),
  evaluation: evaluationOf(sizes),
  base: 0,
}));

const movie = (sizes: Sizes, words: { title: string; subtitle: string }): Movie =>
  traversalMovie({ ...words, evaluation: evaluationOf(sizes), bases: null });

export const moviesSamples: Record<string, Movie> = {
  usual: movie({}, run),
  small: movie({ labels: 0, unsupervised: 1, base: 1, steps: 5, height: 16, width: 16 }, run),
  many: movie({ labels: 40, unsupervised: 24, base: 1, steps: 5, height: 16, width: 16 }, run),
  broken: movie({ prefix: `${LONG} `, height: 8, width: 200 }, long),
  betas: comparisonMovie({
    ...long,
    candidates: [1, 5, 10, 20, 50, 100, 500, 1000].map((beta) => ({
      name: `beta = ${beta}, seed 1`,
      evaluation: evaluationOf({ base: 1, steps: 5 }),
    })),
    base: 0,
    latents: 'unsupervised',
  }),
  rollout: rolloutMovie({ ...run, rollout: rolloutOf(), clips: null }),
  'broken rollout': rolloutMovie({ ...long, rollout: rolloutOf({ side: 8, channels: 1 }), clips: null }),
};

const particleWords = { title: 'dlp: beta_kl = 0.05, seed 1', subtitle: 'dlp · run 01a2 · succeeded' };

export const particleSamples: Record<string, ParticlePlate> = {
  usual: { ...particleWords, particles: particlesOf() },
  one: { title: LONG, subtitle: `${LONG}; ${LONG}`, particles: particlesOf({ images: 1, particles: 2 }) },
  many: { ...particleWords, particles: particlesOf({ particles: 60, prior: 400 }) },
  off: { ...particleWords, particles: particlesOf({ off: true }) },
};

export const glimpseSamples: Record<string, GlimpsePlate> = {
  usual: { ...particleWords, particles: particlesOf(), base: 0 },
  one: { title: LONG, subtitle: `${LONG}; ${LONG}`, particles: particlesOf({ images: 1, particles: 2 }), base: 0 },
  many: { ...particleWords, particles: particlesOf({ images: 2, particles: 25, glimpse: 16 }), base: 1 },
  off: { ...particleWords, particles: particlesOf({ off: true }), base: 7 },
};

export const epochSamples: Record<string, ParticleEpochs> = {
  usual: {
    ...particleWords,
    epochs: [0, 1, 3, 7, 15].map((epoch) => ({ epoch, particles: particlesOf({ images: 2 }) })),
  },
  one: { title: LONG, subtitle: LONG, epochs: [{ epoch: 0, particles: particlesOf({ images: 1, off: true }) }] },
  many: {
    ...particleWords,
    epochs: Array.from({ length: 17 }, (_, i) => ({
      epoch: 2 ** i - 1,
      particles: particlesOf({ images: 2, particles: 30 }),
    })),
  },
};
