import type { Sweeps } from '../contract.js';
import type { Db } from '../db.js';
import { newId } from '../ids.js';
import { insertSweep } from '../sql/createSweep.js';
import { lockSweep } from '../sql/lockSweep.js';
import { insertStage, runStage } from '../sql/stageState.js';
import { changed, row, rows } from '../statement.js';
import { openInto } from '../stages/open.js';
import { storeDatasets } from './datasets.js';
import { transact } from '../transact.js';

export function creation({ pool, prisma }: Db): Pick<Sweeps, 'create'> {
  return {
    create: async ({ plan, spec, text, datasets, variants = [], cells, idempotencyKey, traceparent = null }) => {
      const [first] = plan.stages;
      const facts = plan.stages.map((stage) => datasets[stage.ordinal]);
      if (first === undefined || facts.includes(undefined)) {
        throw new Error('a sweep needs a stage, and each stage the facts of its dataset');
      }
      const made = await transact(pool, async (tx) => {
        const id = newId();
        const { name, project } = plan;
        const key = idempotencyKey ?? null;
        const values = [id, name, project, first.model, JSON.stringify(spec), text, key, traceparent];
        if ((await row(tx.client, insertSweep, values)) === null) return null;
        await rows(tx.client, lockSweep, [id]);
        const ofStages = plan.stages.flatMap(({ dataset }, at) => {
          const its = facts[at];
          return its === undefined ? [] : [{ dataset, facts: its }];
        });
        await storeDatasets(tx, [...ofStages, ...variants]);
        tx.emit(id, 'sweep', { state: 'running', name: plan.name }, null);
        const stageIds = plan.stages.map(() => newId());
        for (const [at, stage] of plan.stages.entries()) {
          const stageValues = [stageIds[at], id, stage.ordinal, JSON.stringify(stage), facts[at]?.hash];
          await changed(tx.client, insertStage, stageValues);
          // The first one opens below.
          const waiting = { what: 'stage', sweepId: id, stageId: stageIds[at] ?? '', stage: stage.name } as const;
          if (at > 0) tx.log({ ...waiting, from: null, to: 'pending' });
        }
        const stageId = stageIds[0] ?? '';
        await changed(tx.client, runStage, [stageId, null]);
        const datasetHash = facts[0]?.hash ?? '';
        const opened = await openInto(tx, { sweepId: id, stageId, cells, seeds: first.seeds, datasetHash });
        tx.emit(id, 'stage', { stageId, name: first.name, state: 'running', ...opened }, null);
        return id;
      });
      if (made !== null) return { id: made, created: true, sameText: true };
      const known = await prisma.sweep.findFirstOrThrow({
        where: { project: plan.project, idempotencyKey: idempotencyKey ?? '' },
      });
      return { id: known.id, created: false, sameText: known.text === text };
    },
  };
}
