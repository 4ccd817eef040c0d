import type { Emitted } from './transact.js';

/** A state that this process has changed, with the ids that find it again: for logs. */
export interface StateChange {
  /** `runs`: many of one stage at once, all from one state to another. */
  what: 'sweep' | 'stage' | 'run' | 'runs';
  sweepId: string;
  stageId?: string;
  /** Its name. */
  stage?: string;
  runId?: string;
  /** Of `runs`: how many. */
  runs?: number;
  /** Of `runs`: the ids between which theirs lie. */
  first?: string;
  last?: string;
  /** The attempt that began or ended with it: its fence. */
  attempt?: number;
  /** null: it, or they, were made. */
  from: string | null;
  to: string;
  /** Why, of how many runs, by whom. */
  [more: string]: unknown;
}

/** Runs of a statement that changes many (sql/batch.ts): how many, and between which ids they lie. */
export interface Batch {
  runs: number;
  first: string | null;
  last: string | null;
}

export const EMPTY_BATCH: Batch = { runs: 0, first: null, last: null };

export function together(a: Batch, b: Batch): Batch {
  const ids = [a.first, a.last, b.first, b.last].filter((id) => id !== null).sort();
  return { runs: a.runs + b.runs, first: ids[0] ?? null, last: ids.at(-1) ?? null };
}

/** null for none at all. */
export function batchChange(
  of: Pick<StateChange, 'sweepId' | 'from' | 'to'> & { stageId: string },
  { runs, first, last }: Batch,
): StateChange | null {
  return first === null || last === null ? null : { what: 'runs', ...of, runs, first, last };
}

/** What an event says of a state, or null: some say other things. */
export function stateChange({ sweepId, type, data, ...emitted }: Emitted): StateChange | null {
  const { state, name, fence, ...more } = data;
  if (typeof state !== 'string' || 'paused' in data) return null;
  const { from = state === 'running' ? 'queued' : 'running' } = emitted;
  const { stageId } = emitted;
  const common = { what: type, sweepId, from, to: state, ...(stageId !== undefined && { stageId }), ...more };
  switch (type) {
    case 'sweep':
      return { ...common, what: type };
    case 'stage':
      return { ...common, what: type, ...(typeof name === 'string' && { stage: name }) };
    case 'run': {
      // A run's fence rises when an attempt begins and again when it ends.
      const attempt = from === 'running' ? Number(fence) - 1 : state === 'running' ? Number(fence) : null;
      return { ...common, what: type, ...(attempt !== null && { attempt }) };
    }
    default:
      return null;
  }
}
