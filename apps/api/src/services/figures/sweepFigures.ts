import { comparisonKind } from './comparison.js';
import { sweepCurvesKind } from './curves.js';
import { heatmapKind } from './heatmap.js';
import type { FigureKind } from './kinds.js';
import { searchResultsKind } from './searchResults.js';
import type { SweepSubject } from './subjects.js';

export const SWEEP_FIGURES: readonly FigureKind<SweepSubject>[] = [
  searchResultsKind,
  sweepCurvesKind,
  heatmapKind,
  comparisonKind,
];
