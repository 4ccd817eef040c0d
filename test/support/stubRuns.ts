import { expect } from 'vitest';
import type { RunView } from '@trawl/spec';
import { until } from './processes.js';
import type { Stack } from './stack.js';

export const finished = (run: RunView): boolean => run.state === 'succeeded' || run.state === 'failed';

/** A sweep of one run of the stub. */
export const submitOne = (
  stack: Stack,
  params: Record<string, unknown>,
  execution: Record<string, unknown> = {},
): Promise<string> => stack.submit({ grid: { x: [1] }, params, seeds: [1], execution });

/** How the run's attempts ended, the first first. */
export async function ends(stack: Stack, runId: string): Promise<(string | null)[]> {
  const attempts = await stack.store.runs.attempts(runId);
  return attempts.toSorted((a, b) => a.fence - b.fence).map(({ end }) => end);
}

/** Waits until the sweep's only run has reached a step, by its trainer's own word; the trainer's process. */
export async function trainerAt(stack: Stack, sweep: string, step: number): Promise<number> {
  return until(`step ${step}`, async () => {
    const [run] = await stack.runs(sweep);
    return stack.witness().findLast((line) => line.runId === run?.id && line.event === 'epoch' && line.step >= step)
      ?.pid;
  });
}

/**
 * Every step's numbers are there once, in order, and the end is that of the same run left alone: nothing was
 * lost, written twice or begun anew. (`walk` adds a random draw a step.)
 */
export async function expectUndisturbed(stack: Stack, runId: string, params: Record<string, unknown>): Promise<void> {
  const { epochs = 4 } = params;
  const steps = Array.from({ length: Number(epochs) * 5 }, (_, i) => i + 1);
  const curves = new Map((await stack.store.metrics.curves(runId)).map((curve) => [curve.name, curve]));
  expect(curves.get('train.tick')).toMatchObject({ steps, values: steps });
  expect(curves.get('train.walk')?.steps).toEqual(steps);

  const twin = await submitOne(stack, { epochs, ms_per_step: 1, y: 0.5 });
  const { id } = await stack.run(twin, 'the twin to end', finished);
  const walk = async (run: string) => (await stack.store.runs.detail(run))?.summary['train.walk'];
  expect(await walk(runId)).toEqual(await walk(id));
}
