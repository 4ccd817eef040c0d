import type { Emitted } from './transact.js';

/** A state that this process has changed, with the ids that find it again: for logs. */
export interface StateChange {
  what: 'sweep' | 'stage' | 'run';
  sweepId: string;
  stageId?: string;
  /** Its name. */
  stage?: string;
  runId?: string;
  /** The attempt that began or ended with it: its fence. */
  attempt?: number;
  /** null: it was made. */
  from: string | null;
  to: string;
  /** Why, of how many runs, by whom. */
  [more: string]: unknown;
}

/** What an event says of a state, or null: some say other things. */
export function stateChange({ sweepId, type, data, ...emitted }: Emitted): StateChange | null {
  const { state, name, fence, ...more } = data;
  if (typeof state !== 'string' || 'paused' in data) return null;
  const { from = state === 'running' ? 'queued' : 'running' } = emitted;
  const common = { what: type, sweepId, from, to: state, ...more };
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
