import { type FailureClass, type Params, type RunDetail, type RunState, type RunView, toWire } from '@trawl/spec';
import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import {
  detailsOfSweep,
  metricsOfSweep,
  oneRun,
  pageOfStage,
  pageOfSweep,
  parametersOfSweep,
  summaryOfRun,
} from '../sql/readRuns.js';
import { row, rows } from '../statement.js';
import { stored, storedDataset } from '../stored.js';
import { pageOf, workerName } from '../views.js';

interface RunRow {
  id: string;
  sweep_id: string;
  cell_id: string;
  seed: number;
  state: RunState;
  paused: boolean;
  fence: number;
  failures: number;
  failure_class: FailureClass | null;
  failure_message: string | null;
  epoch: number | null;
  epochs: number | null;
  step: number | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  point: Params;
  host: string | null;
  pid: number | null;
  stages: string[];
}

interface DetailRow extends RunRow {
  dataset_hash: string;
  model: string;
  model_version: string;
  params: Params;
  dataset: RunDetail['dataset'];
}

export function runReads({
  pool,
  prisma,
}: Db): Pick<Runs, 'page' | 'details' | 'columns' | 'detail' | 'projectOf' | 'attempts'> {
  return {
    page: async (sweepId, { stage, state, cursor, limit }) => {
      if (!isId(sweepId) || (cursor !== undefined && !isId(cursor))) return { items: [], nextCursor: null };
      const values = [sweepId, state ?? null, cursor ?? null, limit + 1];
      const found =
        stage === undefined
          ? await rows<RunRow>(pool, pageOfSweep, values)
          : await rows<RunRow>(pool, pageOfStage, [...values, stage]);
      return pageOf(found.map(viewOf), limit);
    },

    detail: async (id) => {
      if (!isId(id)) return null;
      const run = await row<DetailRow>(pool, oneRun, [id]);
      if (run === null) return null;
      const summary = await rows<{ name: string; value: number }>(pool, summaryOfRun, [id]);
      return detailOf(run, Object.fromEntries(summary.map(({ name, value }) => [name, value])));
    },

    details: async (sweepId, { cursor, limit }) => {
      if (!isId(sweepId) || (cursor !== undefined && !isId(cursor))) return { items: [], nextCursor: null };
      type Row = DetailRow & { summary: Record<string, string> | null };
      const found = await rows<Row>(pool, detailsOfSweep, [sweepId, cursor ?? null, limit + 1]);
      const details = found.map((run) => {
        const summary = Object.entries(run.summary ?? {}).map(([name, value]) => [name, Number(value)] as const);
        return detailOf(run, Object.fromEntries(summary));
      });
      return pageOf(details, limit);
    },

    columns: async (sweepId) => {
      if (!isId(sweepId)) return { params: [], metrics: [] };
      const params = await rows<{ name: string }>(pool, parametersOfSweep, [sweepId]);
      const metrics = await rows<{ name: string }>(pool, metricsOfSweep, [sweepId]);
      return { params: params.map(({ name }) => name), metrics: metrics.map(({ name }) => name) };
    },

    projectOf: async (id) => {
      const run = isId(id)
        ? await prisma.run.findUnique({ where: { id }, select: { sweep: { select: { project: true } } } })
        : null;
      return run?.sweep.project ?? null;
    },

    attempts: async (id) => {
      if (!isId(id)) return [];
      const attempts = await prisma.attempt.findMany({
        where: { runId: id },
        include: { worker: true },
        orderBy: { fence: 'asc' },
      });
      return attempts.map((attempt) => ({
        fence: attempt.fence,
        worker: workerName(attempt.worker),
        backend: stored(attempt.backend),
        startedAt: attempt.startedAt.toISOString(),
        endedAt: attempt.endedAt?.toISOString() ?? null,
        end: attempt.end,
        message: attempt.message,
      }));
    },
  };
}

function detailOf(run: DetailRow, summary: Record<string, number>): RunDetail {
  return {
    ...viewOf(run),
    model: run.model,
    modelVersion: run.model_version,
    params: run.params,
    dataset: storedDataset(run.dataset),
    datasetHash: run.dataset_hash,
    summary: Object.fromEntries(Object.entries(summary).map(([name, value]) => [name, toWire(value)])),
  };
}

function viewOf(run: RunRow): RunView {
  return {
    id: run.id,
    sweepId: run.sweep_id,
    stages: run.stages,
    cellId: run.cell_id,
    point: run.point,
    seed: run.seed,
    state: run.state,
    ...(run.paused && { paused: true }),
    fence: run.fence,
    failures: run.failures,
    failureClass: run.failure_class,
    failureMessage: run.failure_message,
    epoch: run.epoch,
    epochs: run.epochs,
    step: run.step,
    worker: run.host === null || run.pid === null ? null : workerName({ host: run.host, pid: run.pid }),
    createdAt: run.created_at.toISOString(),
    startedAt: run.started_at?.toISOString() ?? null,
    finishedAt: run.finished_at?.toISOString() ?? null,
  };
}
