import type { Job } from './jobs.js';
import type { SeedPanel } from './plots/seedPanel.js';

const PANELS = 8;
const CELLS = 8;
const SEEDS = 25;

const panel: SeedPanel = {
  title: 'warm-up',
  unit: '',
  xName: 'x',
  seriesName: null,
  cells: Array.from({ length: CELLS }, (_, x) => {
    const seeds = Array.from({ length: SEEDS }, (_unused, seed) => ({
      seed,
      value: x + seed,
      state: 'counts' as const,
    }));
    return { x, series: null, seeds, mean: x + 1.5, interval: [x, x + 3] };
  }),
  empty: null,
  fixed: '',
};

/** A figure as large as those that people ask for: what it runs through is compiled well by then. */
export const WARM_UP: Job = {
  figure: 'search-results',
  format: 'png',
  data: { title: 'warm-up', subtitle: '', panels: Array.from({ length: PANELS }, () => panel), notes: [] },
};
