import type { RunCounts, StagePlan, StageView, SweepDetail, SweepView } from '@trawl/spec';
import type { Cell, Stage, StageCell, Sweep } from '../generated/client.js';
import { stored } from '../stored.js';

export type StageWithSelection = Stage & { selectedCell: (Cell & { stageCells: StageCell[] }) | null };

export interface Progress {
  done: number;
  total: number;
  trained: number;
  running: number;
  seconds: number | null;
}

export function sweepView(sweep: Sweep, runs: RunCounts): SweepView {
  return {
    id: sweep.id,
    name: sweep.name,
    project: sweep.project,
    state: sweep.state,
    model: sweep.model,
    createdAt: sweep.createdAt.toISOString(),
    finishedAt: sweep.finishedAt?.toISOString() ?? null,
    runs,
  };
}

export function stageView(stage: StageWithSelection, cells: number, runs: RunCounts): StageView {
  const plan = planOf(stage);
  return {
    name: stage.name,
    ordinal: stage.ordinal,
    kind: plan.kind,
    state: stage.state,
    model: plan.model,
    metric: plan.select?.metric ?? null,
    direction: plan.select?.direction ?? null,
    axes: axesOf(plan),
    cells: stage.state === 'pending' ? null : cells,
    runs,
    reason: stage.reason,
    selected: selectionOf(stage),
  };
}

export const planOf = (stage: Stage): StagePlan => stored(stage.plan);

function selectionOf(stage: StageWithSelection): StageView['selected'] {
  const cell = stage.selectedCell;
  if (cell === null) return null;
  const here = cell.stageCells.find((each) => each.stageId === stage.id);
  return {
    cellId: cell.id,
    point: stored(here?.point ?? {}),
    params: stored(cell.params),
    why: stage.why ?? '',
    // Until somebody approves, it is what the rule suggests.
    decidedBy: stage.decidedBy ?? 'rule',
  };
}

function axesOf({ space }: StagePlan): string[] {
  const points = [space.grid, space.zip, ...space.cells, space.random?.space ?? {}];
  return [...new Set(points.flatMap((point) => Object.keys(point)))];
}

export function progressView(progress: Progress): SweepDetail['progress'] {
  const epochsDone = Math.round(progress.done);
  const epochsTotal = Math.max(epochsDone, Math.round(progress.total));
  const measured = progress.seconds !== null && progress.trained > 0 && progress.running > 0;
  const secondsPerEpoch = measured ? (progress.seconds ?? 0) / progress.trained : null;
  return {
    epochsDone,
    epochsTotal,
    etaSeconds:
      secondsPerEpoch === null ? null : Math.round(((epochsTotal - epochsDone) * secondsPerEpoch) / progress.running),
  };
}
