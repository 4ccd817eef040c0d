import type { RunState, SweepDetail } from '@trawl/spec';
import type { Sweeps } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { countCellsOfStages, countRunsOfStages } from '../sql/countRuns.js';
import { usedSeeds } from '../sql/createSweep.js';
import { settledSweeps } from '../sql/dueStages.js';
import { sweepDisk } from '../sql/sweepDisk.js';
import { sweepProgress } from '../sql/sweepProgress.js';
import { row, rows } from '../statement.js';
import { stored, storedDataset } from '../stored.js';
import { sweepControls } from '../sweeps/control.js';
import { runCounts } from '../sweeps/counts.js';
import { creation } from '../sweeps/create.js';
import { planOf, type Progress, progressView, stageView, sweepView } from '../sweeps/views.js';
import { countsOf, pageOf } from '../views.js';

interface Counted {
  id: string;
  state: RunState;
  n: number;
}

export function sweepRepository(db: Db): Sweeps {
  const { pool, prisma } = db;
  const count = runCounts(pool);

  const find = (id: string) =>
    isId(id)
      ? prisma.sweep.findUnique({
          where: { id },
          include: {
            stages: {
              orderBy: { ordinal: 'asc' },
              include: { selectedCell: { include: { stageCells: true } } },
            },
          },
        })
      : Promise.resolve(null);

  return {
    ...creation(db),
    ...sweepControls(db),

    detail: async (id) => {
      const sweep = await find(id);
      if (sweep === null) return null;
      const counted = await rows<Counted>(pool, countRunsOfStages, [id]);
      const cells = await rows<{ id: string; n: number }>(pool, countCellsOfStages, [id]);
      const [runs = countsOf([])] = await count([sweep]);
      const progress = await row<Progress>(pool, sweepProgress, [id]);
      const disk = await row<SweepDetail['disk']>(pool, sweepDisk, [id]);
      const [first] = sweep.stages;
      // Every sweep has a stage: this one was deleted between two of the reads.
      if (first === undefined || progress === null || disk === null) return null;
      return {
        ...sweepView(sweep, runs),
        spec: stored(sweep.spec),
        dataset: storedDataset(planOf(first).dataset),
        stages: sweep.stages.map((stage) =>
          stageView(
            stage,
            cells.find((each) => each.id === stage.id)?.n ?? 0,
            countsOf(counted.filter((each) => each.id === stage.id)),
          ),
        ),
        progress: progressView(progress),
        disk,
      };
    },

    list: async ({ cursor, limit, project }) => {
      if (cursor !== undefined && !isId(cursor)) return { items: [], nextCursor: null };
      const sweeps = await prisma.sweep.findMany({
        where: {
          ...(cursor === undefined ? {} : { id: { lt: cursor } }),
          ...(project === undefined ? {} : { project }),
        },
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      const runs = await count(sweeps);
      const views = sweeps.map((sweep, i) => sweepView(sweep, runs[i] ?? countsOf([])));
      return pageOf(views, limit);
    },

    projectOf: async (id) =>
      isId(id)
        ? ((await prisma.sweep.findUnique({ where: { id }, select: { project: true } }))?.project ?? null)
        : null,

    plan: async (id) => {
      const sweep = await find(id);
      return sweep === null
        ? null
        : { name: sweep.name, project: sweep.project, stages: sweep.stages.map((stage) => planOf(stage)) };
    },

    usedSeeds: async (id, except) =>
      isId(id) ? (await rows<{ seed: number }>(pool, usedSeeds, [id, except ?? null])).map(({ seed }) => seed) : [],

    settled: () => rows(pool, settledSweeps),
  };
}
