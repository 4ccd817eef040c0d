import type { Stack } from '../support/stack.js';
import type { Testimony } from '../support/worker.js';

const STEPS_PER_EPOCH = 5;

/**
 * What is wrong with a sweep of the stub that should be done: runs missing or trained twice, as the trainers
 * themselves wrote it down, and numbers that are not those of the attempts that held the run.
 */
export async function violations(stack: Stack, sweepId: string, epochs: number): Promise<string[]> {
  const wrong: string[] = [];
  const runs = await stack.runs(sweepId);
  const witness = groupBy(stack.witness(), ({ runId }) => runId);
  for (const run of runs) {
    const lines = witness.get(run.id) ?? [];
    const say = (what: string): unknown => wrong.push(`run ${run.id}: ${what}`);
    if (run.state !== 'succeeded') say(`is ${run.state}`);
    if (lines.length === 0) say('was never trained');
    for (const what of overlaps(lines)) say(what);
    for (const what of await foreignNumbers(stack, run.id, lines, epochs)) say(what);
  }
  for (const id of witness.keys()) if (!runs.some((run) => run.id === id)) wrong.push(`run ${id} is nobody's`);
  return wrong;
}

/** Node 20 has no Map.groupBy. */
function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** Two trainers at one run at the same time, or a run trained to its end twice. */
export function overlaps(lines: readonly Testimony[]): string[] {
  const wrong: string[] = [];
  const attempts = [...groupBy(lines, ({ fence }) => fence)].toSorted(([a], [b]) => a - b);
  for (const [fence, attempt] of attempts) {
    const trainers = new Set(attempt.map(({ pid }) => pid)).size;
    if (trainers !== 1) wrong.push(`${trainers} trainers at fence ${fence}`);
  }
  const order = lines.map(({ fence }) => fence);
  if (order.some((fence, i) => fence < (order[i - 1] ?? fence)))
    wrong.push('an attempt went on after the next had begun');
  const finished = lines.filter(({ event, how }) => event === 'end' && how === 'succeeded').length;
  if (finished > 1) wrong.push(`trained to its end ${finished} times`);
  return wrong;
}

/** Steps that are missing or doubled, and numbers of an attempt that did not hold the run when it wrote them. */
async function foreignNumbers(
  stack: Stack,
  runId: string,
  lines: readonly Testimony[],
  epochs: number,
): Promise<string[]> {
  const wrong: string[] = [];
  const curves = new Map((await stack.store.metrics.curves(runId)).map((curve) => [curve.name, curve]));
  const steps = curves.get('train.tick')?.steps ?? [];
  if (steps.length !== epochs * STEPS_PER_EPOCH || steps.some((step, i) => step !== i + 1)) {
    wrong.push(`has steps ${steps.join(' ')}`);
  }
  // Each attempt goes on where the one before was cut: by step, the writers' fences never fall.
  const fenceOf = new Map(lines.map(({ pid, fence }) => [pid, fence]));
  const writers = (curves.get('train.pid')?.values ?? []).map((pid) => fenceOf.get(Number(pid)) ?? -1);
  if (writers.some((fence, i) => fence < (writers[i - 1] ?? fence)))
    wrong.push(`was written by fences ${writers.join(' ')}`);
  const last = Math.max(...lines.map(({ fence }) => fence));
  const author = fenceOf.get(Number((await stack.store.runs.detail(runId))?.summary['train.pid']));
  if (author !== last) wrong.push(`has a summary of fence ${author}, the last attempt was ${last}`);
  return wrong;
}
