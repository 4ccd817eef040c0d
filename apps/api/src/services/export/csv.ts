import type { Curve, ParamValue, RunDetail, WireNumber } from '@trawl/spec';

type Field = string | number | boolean | null | undefined;

/** One record as RFC 4180 has it; what is missing is empty. */
export const csvLine = (fields: readonly Field[]): string => `${fields.map(escaped).join(',')}\r\n`;

function escaped(field: Field): string {
  if (field === null || field === undefined) return '';
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lists and objects as JSON. */
const paramText = (value: ParamValue | undefined): Field =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value;

const RUN_COLUMNS = [
  'run',
  'cell',
  'stages',
  'seed',
  'state',
  'failure_class',
  'model',
  'model_version',
  'dataset_sha256',
  'epoch',
  'step',
  'created_at',
  'started_at',
  'finished_at',
];

export interface Columns {
  params: readonly string[];
  metrics: readonly string[];
}

/** Parameters as `params.alpha`, metrics of the summary by their full names. */
export const runHeader = ({ params, metrics }: Columns): string =>
  csvLine([...RUN_COLUMNS, ...params.map((name) => `params.${name}`), ...metrics]);

/** NaN and infinities are spelled as in JSON bodies, which pandas reads too. */
export const runLine = (run: RunDetail, { params, metrics }: Columns): string =>
  csvLine([
    run.id,
    run.cellId,
    run.stages.join('+'),
    run.seed,
    run.state,
    run.failureClass,
    run.model,
    run.modelVersion,
    run.datasetHash,
    run.epoch,
    run.step,
    run.createdAt,
    run.startedAt,
    run.finishedAt,
    ...params.map((name) => paramText(run.params[name])),
    ...metrics.map((name): WireNumber | undefined => run.summary[name]),
  ]);

export const CURVE_HEADER = csvLine(['run', 'metric', 'split', 'epoch', 'step', 'value']);

/** One line a point. */
export function curveLines(runId: string, { name, epochs, steps, values }: Curve): string {
  const at = name.indexOf('.');
  const split = name.slice(0, at);
  const metric = name.slice(at + 1);
  return values.map((value, i) => csvLine([runId, metric, split, epochs[i], steps[i], value])).join('');
}
