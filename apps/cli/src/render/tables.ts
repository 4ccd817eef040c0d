import type {
  Best,
  DatasetView,
  GcReport,
  LabelFit,
  Ranking,
  RunCounts,
  RunView,
  SweepDetail,
  SweepView,
} from '@trawl/spec';
import Table from 'cli-table3';
import { bytes, distribution, duration, number, point } from './numbers.js';

/** Columns apart by two spaces, no lines. */
const BORDERS = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => [
  side,
  `${side}-left`,
  `${side}-mid`,
  `${side}-right`,
]);
const plain = {
  chars: { ...Object.fromEntries(BORDERS.map((border) => [border, ''])), middle: '  ' },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
};

/** `widths` of the columns, in cells of a terminal: what is longer is cut. Absent: as wide as what they hold. */
export function table(head: string[], rows: string[][], widths?: number[]): string {
  const t = new Table({ ...plain, head, ...(widths !== undefined && { colWidths: widths }) });
  t.push(...rows);
  return t
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

export function counts(runs: RunCounts): string {
  const parts = (['succeeded', 'running', 'queued', 'failed', 'cancelled'] as const)
    .filter((state) => runs[state] > 0)
    .map((state) => `${runs[state]} ${state}`);
  return parts.length === 0 ? 'no runs yet' : parts.join(', ');
}

export function gcReport(report: GcReport): string {
  const groups = report.groups.map((g) => [
    g.kind,
    g.sweepName === null ? '-' : `${g.sweepName} ${g.sweepId}`,
    String(g.files),
    bytes(g.bytes),
  ]);
  const { waiting } = report;
  const what = `${report.dryRun ? 'would free' : 'freed'} ${bytes(report.bytes)} in ${report.files} files`;
  const rest =
    waiting.files === 0
      ? []
      : [`${bytes(waiting.bytes)} in ${waiting.files} files go when they are ${duration(waiting.graceSeconds)} old`];
  return [...(groups.length === 0 ? [] : [table(['kind', 'sweep', 'files', 'size'], groups)]), what, ...rest].join(
    '\n',
  );
}

export function datasetList(datasets: DatasetView[]): string {
  if (datasets.length === 0) return 'No datasets yet. Send one: trawl dataset upload FILE';
  return table(
    ['id', 'name or path', 'kind', 'size', 'trials', 'frames', 'image', 'labels', 'uploaded'],
    datasets.map((d) => [
      d.id.slice(0, 12),
      d.name ?? d.path ?? '-',
      d.kind,
      bytes(d.size),
      String(d.trials),
      String(d.frames),
      `${d.height}x${d.width}x${d.channels}`,
      String(d.labels),
      d.uploaded ? 'yes' : 'no',
    ]),
  );
}

export function sweepList(sweeps: SweepView[]): string {
  if (sweeps.length === 0) return 'No sweeps yet. Submit one that needs no data: trawl submit sweeps/demo.yaml';
  return table(
    ['id', 'name', 'model', 'state', 'runs', 'created'],
    sweeps.map((s) => [s.id, s.name, s.model, s.state, counts(s.runs), s.createdAt]),
  );
}

export function sweepDetail(sweep: SweepDetail): string {
  const stages = table(
    ['stage', 'state', 'cells', 'runs', 'selected', 'note'],
    sweep.stages.map((stage) => [
      stage.name,
      stage.state,
      stage.cells === null ? '?' : String(stage.cells),
      counts(stage.runs),
      stage.selected === null ? '-' : point(stage.selected.point),
      stage.reason ?? stage.selected?.why ?? '',
    ]),
  );
  return `${sweep.name}  ${sweep.id}\n${sweep.state}, ${counts(sweep.runs)}, ${bytes(sweep.disk.bytes)} in ${sweep.disk.files} files\n\n${stages}`;
}

export function runList(runs: RunView[]): string {
  return table(
    ['run', 'cell', 'seed', 'state', 'epoch', 'worker', 'note'],
    runs.map((run) => [
      run.id,
      point(run.point),
      String(run.seed),
      run.state,
      run.epoch === null ? '-' : `${run.epoch}/${run.epochs ?? '?'}`,
      run.worker ?? '-',
      run.failureClass === null ? '' : `${run.failureClass}: ${run.failureMessage ?? ''}`,
    ]),
  );
}

export function ranking(r: Ranking): string {
  const title = `${r.stage} by ${r.metric} (${r.direction === 'min' ? 'lower' : 'higher'} is better; ${r.aggregate} over seeds, 95 % interval)`;
  const rows = r.cells.map((cell) => [
    cell.rank === null ? '-' : String(cell.rank),
    point(cell.point),
    distribution(cell.score),
    number(cell.score.sd),
    cell.seeds.map((seed) => number(seed.value)).join(' '),
    cell.why ?? '',
  ]);
  return `${title}\n${table(['rank', 'cell', r.metric, 'sd', 'each seed', 'note'], rows)}`;
}

export function labelFit({ stage, split, over, components, groups }: LabelFit): string {
  const pooled = over === null ? 'seeds' : `seeds and ${over}`;
  const title = `${stage}: labels of ${split} frames, pooled over ${pooled}; baseline: ${components} principal components of the true labels`;
  return [title, ...groups.map((group) => labelTable(group))].join('\n\n');
}

type LabelGroup = LabelFit['groups'][number];
type LabelScore = LabelGroup['fit']['labels'][number];

const scoreRow = (name: string, score?: LabelScore, base?: LabelScore | null): string[] => [
  name,
  number(score?.r2 ?? null),
  number(score?.mse ?? null),
  String(score?.n ?? 0),
  number(base?.r2 ?? null),
  number(base?.mse ?? null),
];

function labelTable({ point: at, labels, frames, fit, baseline, runs }: LabelGroup): string {
  const rows = [
    scoreRow('all', fit, baseline),
    ...labels.map((name, i) => scoreRow(name, fit.labels[i], baseline?.labels[i])),
  ];
  const used = runs.filter(({ why }) => why === null);
  return [
    `${point(at)}: ${used.length} of ${runs.length} runs, ${frames} frames; R2 of each run ${used.map(({ r2 }) => number(r2)).join(' ') || '-'}`,
    table(['labels', 'R2', 'MSE', 'n', 'baseline R2', 'baseline MSE'], rows),
    ...runs.flatMap(({ runId, why }) => (why === null ? [] : [`without run ${runId}: ${why}`])),
  ].join('\n');
}

export function best(b: Best): string {
  const lines = [
    `best cell     ${point(b.point)}   (${b.stage}: ${b.why})`,
    `selection     ${b.metric} ${distribution(b.selection)}`,
    `refit         ${b.refit === null ? 'not refitted yet: trawl refit' : `${b.metric} ${distribution(b.refit)}`}`,
  ];
  if (b.optimism !== null)
    lines.push(
      `optimism gap  ${distribution(b.optimism)} (refit minus selection; positive: selection looked too good)`,
    );
  if (b.runnerUp !== null) {
    lines.push(`runner-up     ${point(b.runnerUp.point)}   refit ${distribution(b.runnerUp.refit)}`);
    if (b.runnerUp.difference !== null)
      lines.push(`difference    ${distribution(b.runnerUp.difference)} (paired over common refit seeds)`);
  }
  const verdict = b.distinguishable === null ? 'not known' : b.distinguishable ? 'yes' : 'no';
  lines.push(`really won?   ${verdict}: ${b.distinguishableWhy}`);
  if (b.atGridEdge.length > 0) lines.push(`at grid edge  ${b.atGridEdge.join(', ')}: consider more values beyond it`);
  return lines.join('\n');
}
