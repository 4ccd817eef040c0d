import { axesOf, selectCell } from '@trawl/search';
import { isFinished, type Catalog, type SelectRule, type StagePlan } from '@trawl/spec';
import type { StageResults } from '@trawl/store';
import type { Decision } from './decision.js';
import { allMissing, missingReason } from './missing.js';
import { rankStage } from './rankStage.js';

/** What becomes of a running stage; null while runs of it are not finished. */
export function conclude(plan: StagePlan, results: StageResults, catalog: Catalog): Decision | null {
  if (!results.runs.every((run) => isFinished(run.state))) return null;
  const missing = missingReason(results);
  if (missing !== null && allMissing(results)) return { kind: 'fail', reason: `no run succeeded: ${missing}` };
  if (plan.select !== null) return select(plan, plan.select, results, catalog);
  // A refit selects nothing, but a person should know of what it lacks before the sweep counts as done.
  if (missing !== null) return { kind: 'review', reason: missing, suggested: null };
  return gated(plan, { cellId: null, why: `${results.runs.length} runs finished` });
}

function select(plan: StagePlan, rule: SelectRule, results: StageResults, catalog: Catalog): Decision {
  const ranked = rankStage(plan, rule, results, catalog);
  const axes = axesOf(plan.space);
  const selection = selectCell(rule, ranked, axes);
  if (selection.cellId !== null) return gated(plan, selection);
  // Of the cells that are complete, for whoever approves in spite of those that are not.
  const partial = selectCell({ ...rule, allowPartial: true }, ranked, axes);
  return { kind: 'review', reason: selection.why, suggested: partial.cellId === null ? null : partial };
}

function gated(plan: StagePlan, selection: { cellId: string | null; why: string }): Decision {
  const { cellId, why } = selection;
  if (plan.gate === 'auto') return { kind: 'done', cellId, why };
  return { kind: 'review', reason: 'gate: review', suggested: cellId === null ? null : { cellId, why } };
}
