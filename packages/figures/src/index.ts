export { type Evaluation, readEvaluation } from './data/evaluation.js';
export { labelReconstructions, type LabelReconstructions, trialsOf } from './plots/labelReconstructions.js';
export { latentCorrelation, type LatentCorrelation } from './plots/latentCorrelation.js';
export { type HeatmapCell, metricHeatmap, type MetricHeatmap } from './plots/metricHeatmap.js';
export { searchResults, type SearchResults } from './plots/searchResults.js';
export type { SeedCell, SeedPanel, SeedValue } from './plots/seedPanel.js';
export { type CurvePanel, type RunCurve, trainingCurves, type TrainingCurves } from './plots/trainingCurves.js';
export { traversalPlate, type TraversalPlate } from './plots/traversalPlate.js';
export { toPng } from './render/png.js';
