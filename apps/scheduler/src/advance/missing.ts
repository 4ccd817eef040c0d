import type { Params } from '@trawl/spec';
import type { FinishedRun, StageResults } from '@trawl/store';

const NAMED = 3;

/** A diverged run is a result, a bad one; a run that ended in any other way without a summary is missing. */
const isMissing = (run: FinishedRun): boolean => run.state !== 'succeeded' && run.failureClass !== 'diverged';

/** Whether no run of the stage came to anything: nothing can be selected, now or by a person. */
export function allMissing({ runs }: StageResults): boolean {
  return runs.every(isMissing);
}

/** Which cells miss runs and why, in words; null when none does. */
export function missingReason({ cells, runs }: StageResults): string | null {
  const missing = runs.filter(isMissing);
  const incomplete = cells.filter(({ cellId }) => missing.some((run) => run.cellId === cellId));
  if (incomplete.length === 0) return null;
  const parts = incomplete.slice(0, NAMED).map(({ cellId, point }) => {
    const its = missing.filter((run) => run.cellId === cellId);
    return `${pointText(point)} (${its.map(runText).join('; ')})`;
  });
  if (incomplete.length > NAMED) parts.push(`and ${incomplete.length - NAMED} more`);
  return `${incomplete.length} of ${cells.length} cells miss runs: ${parts.join(', ')}`;
}

function runText(run: FinishedRun): string {
  const end = run.failureClass ?? run.state;
  return `seed ${run.seed} ${end}${run.failureMessage === null ? '' : `: ${run.failureMessage}`}`;
}

/** `alpha=50 beta=1`. */
export function pointText(point: Params): string {
  const text = Object.entries(point).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return text.length === 0 ? 'the only cell' : text.join(' ');
}
