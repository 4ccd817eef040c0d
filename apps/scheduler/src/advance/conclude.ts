import { axesOf, selectCell } from '@trawl/search';
import { isFinished, type Catalog, type StagePlan } from '@trawl/spec';
import type { StageResults } from '@trawl/store';
import type { Decision } from './decision.js';
import { allMissing, missingReason } from './missing.js';
import { rankStage } from './rankStage.js';

/** What becomes of a running stage; null while runs of it are not finished. */
export function conclude(plan: StagePlan, results: StageResults, catalog: Catalog): Decision | null {
  if (!results.runs.every((run) => isFinished(run.state))) return null;
  const missing = missingReason(results);
  if (missing !== null && allMissing(results)) return { kind: 'fail', reason: `no run succeeded: ${missing}` };

  const { select } = plan;
  const selection =
    select === null
      ? { cellId: null, why: `${results.runs.length} runs finished` }
      : selectCell(select, rankStage(plan, select, results, catalog), axesOf(plan.space));
  const suggested = selection.cellId === null ? null : selection;

  const reasons = [];
  if (missing !== null && select?.allowPartial !== true) reasons.push(missing);
  if (select !== null && suggested === null) reasons.push(selection.why);
  if (plan.gate === 'review') reasons.push('gate: review');
  if (reasons.length > 0) return { kind: 'review', reason: reasons.join('. '), suggested };
  return { kind: 'done', ...selection };
}
