export { type HeatmapCell, metricHeatmap, type MetricHeatmap } from './plots/metricHeatmap.js';
export { searchResults, type SearchResults } from './plots/searchResults.js';
export type { SeedCell, SeedPanel, SeedValue } from './plots/seedPanel.js';
export { type CurvePanel, type RunCurve, trainingCurves, type TrainingCurves } from './plots/trainingCurves.js';
export { toPng } from './render/png.js';
