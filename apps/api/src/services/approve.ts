import type { ApproveBody } from '@trawl/spec';
import { ProblemError } from '../problems.js';
import type { Services } from './services.js';
import { stageNamed, stagesOf } from './stages.js';

/** Ends a stage's wait for review with the rule's cell or another of the stage. */
export async function approve(id: string, name: string, body: ApproveBody, services: Services): Promise<void> {
  const stage = stageNamed(name, await stagesOf(id, services));
  if (stage.state !== 'awaiting_review') {
    throw new ProblemError(
      'conflict',
      `Stage ${name} is ${stage.state}; only one that is awaiting_review is approved.`,
    );
  }
  const cellId =
    stage.plan.kind === 'refit' ? null : await chosenCell(stage.id, body.cellId ?? stage.selectedCellId, services);
  const why = body.why === '' ? `approved by ${body.who}` : body.why;
  const decided = await services.store.stages.decide(stage.id, { cellId, why, decidedBy: body.who });
  if (!decided) throw new ProblemError('conflict', `Stage ${name} was decided by somebody else meanwhile.`);
}

async function chosenCell(stageId: string, cellId: string | null, { store }: Services): Promise<string> {
  const { cells } = await store.stages.results(stageId);
  if (cellId !== null && cells.some((cell) => cell.cellId === cellId)) return cellId;
  const allowed = `the id of a cell of this stage; its ranking lists all ${cells.length}`;
  const message = cellId === null ? 'the rule named no cell, so one must be given' : 'no cell of this stage';
  const fault = { path: 'cellId', message, allowed, ...(cellId === null ? {} : { given: cellId }) };
  throw new ProblemError('invalid-body', `cellId: ${message}; allowed: ${allowed}`, [fault]);
}
