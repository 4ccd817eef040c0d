import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Job, Result } from './trainInChild.js';
import { scratch, trainInChild } from './trainInChild.js';

/** What a run said in all its parts. */
export const outcome = (...parts: Result[]) => ({
  state: parts.at(-1)?.state,
  summary: parts.at(-1)?.summary,
  artifacts: parts.at(-1)?.artifacts,
  points: parts.flatMap(({ points }) => points),
});

/** A job, and what came of it when nothing interrupted it. */
export interface Uncut {
  job: Job;
  straight: () => Result;
  /** A path for a checkpoint. */
  file: (name: string) => string;
  /** Skips a test where the backend is not installed. */
  needsBackend: (context: TestContext) => void;
}

/** Tests on each backend that a run stopped at one of `stops` (steps) goes on to the same bits; `more` adds tests of a model's own. */
export function describeCutRuns(
  what: string,
  job: Omit<Job, 'backend'>,
  stops: readonly number[],
  more: (uncut: Uncut) => void,
): void {
  describe.each(['wasm', 'tfjs-node-gpu'] as const)(`${what} on %s that was cut`, (backend) => {
    const folder = scratch();
    let straight: Result;
    const uncut: Uncut = {
      job: { ...job, backend },
      straight: () => straight,
      file: (name) => join(folder, `${name}.safetensors`),
      needsBackend(context) {
        if (straight.state === 'BackendError') context.skip(`${backend}: ${straight.message}`);
      },
    };
    beforeAll(async () => {
      straight = await trainInChild(uncut.job);
    });

    test.for([...stops])('by a stop at step %i goes on to the same bits', async (stopAtStep, context) => {
      uncut.needsBackend(context);
      const checkpoint = uncut.file(`stop-${stopAtStep}`);
      const before = await trainInChild({ ...uncut.job, stopAtStep, checkpoint });
      expect(before.state).toBe('stopped');
      expect(before.steps.at(-1)?.step).toBe(stopAtStep);
      const after = await trainInChild({ ...uncut.job, resume: checkpoint });
      expect(outcome(before, after)).toEqual(outcome(straight));
    });

    more(uncut);
  });
}
