import { appendFileSync } from 'node:fs';

export interface Witnessed {
  event: 'start' | 'epoch' | 'checkpoint' | 'end';
  epoch: number;
  step: number;
  /** `end` only: how. */
  how?: string;
}

export type Witness = (what: Witnessed) => void;

/**
 * Appends what a trainer did to a file that only trainers write: what tests compare the database with.
 * One write with O_APPEND a line, so lines of several processes never mix.
 */
export function openWitness(
  path: string | null,
  { runId, fence, seed }: { runId: string; fence: number; seed: number },
): Witness {
  if (path === null) return () => {};
  return (what) => {
    const line = { ...what, runId, fence, seed, pid: process.pid, time: new Date().toISOString() };
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  };
}
