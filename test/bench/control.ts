import { parseArgs } from 'node:util';
import { seededRandom } from '@trawl/search';
import { midRun, training } from '../chaos/look.js';
import { openSite, type Site } from '../chaos/site.js';
import { isRunning, until } from '../support/processes.js';
import { say } from './say.js';

/** Of the runs that are controlled: what a stop waits for at least. */
const STEP_MS = 100;
const SLOTS = 4;

interface Timed {
  /** From the call until the state and the processes are so. */
  action: 'pause sweep' | 'resume sweep' | 'pause run' | 'resume run' | 'cancel run' | 'cancel sweep';
  ms: number[];
}

/**
 * How long it takes until a pause, a resume or a cancel has come about: states written, trainers at rest, gone or at work again.
 * The aim is one training step plus 2 s.
 */
export async function control(args: string[]): Promise<object> {
  const { values } = parseArgs({ args, options: { repeat: { type: 'string', default: '3' } } });
  const site = await openSite({ queue: 'postgres', dice: seededRandom(1) });
  const timed = new Map<Timed['action'], number[]>();
  try {
    await site.teach({ epochs: 1_000, ms_per_step: STEP_MS, checkpoint_steps: 0 });
    await Promise.all([site.startApi(), site.startScheduler(), site.startWorker({ TRAWL_SLOTS: String(SLOTS) })]);
    for (let n = 0; n < Number(values.repeat); n += 1) {
      say(`round ${n + 1}`);
      await round(site, timed);
    }
  } finally {
    await site.close();
  }
  const results = [...timed].map(([action, ms]) => ({ action, meanMs: Math.round(mean(ms)), maxMs: Math.max(...ms) }));
  return { stepMs: STEP_MS, runs: SLOTS, results };
}

async function round(site: Site, timed: Map<Timed['action'], number[]>): Promise<void> {
  const sweep = await site.submit(SLOTS / 2);
  const post = async (path: string): Promise<void> => {
    const answer = await fetch(`${site.apiUrl}/v1/${path}`, { method: 'POST' });
    if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
  };
  const time = async (action: Timed['action'], path: string, done: () => Promise<boolean>): Promise<void> => {
    const began = performance.now();
    await post(path);
    await until(action, done);
    timed.set(action, [...(timed.get(action) ?? []), Math.round(performance.now() - began)]);
  };
  const states = async (): Promise<string[]> => (await site.runs(sweep)).map(({ state }) => state);
  const all = (state: string) => async (): Promise<boolean> => (await states()).every((each) => each === state);
  const idle = (): boolean => training(site).length === 0;

  await midRun(site, SLOTS);
  await time('pause sweep', `sweeps/${sweep}/pause`, async () => (await all('queued')()) && idle());
  await time('resume sweep', `sweeps/${sweep}/resume`, async () => training(site).length === SLOTS);

  const [one] = training(site);
  if (one === undefined) throw new Error('nothing trains');
  const stateOf = async (): Promise<string | undefined> =>
    (await site.runs(sweep)).find(({ id }) => id === one.runId)?.state;
  const trains = (): boolean => training(site).some(({ runId }) => runId === one.runId);
  await time('pause run', `runs/${one.runId}/pause`, async () => (await stateOf()) === 'queued' && !trains());
  await time('resume run', `runs/${one.runId}/resume`, async () => training(site).length === SLOTS);
  const now = training(site).find(({ runId }) => runId === one.runId);
  await time(
    'cancel run',
    `runs/${one.runId}/cancel`,
    async () => (await stateOf()) === 'cancelled' && !isRunning(now?.pid ?? 0),
  );
  await time('cancel sweep', `sweeps/${sweep}/cancel`, async () => (await all('cancelled')()) && idle());
}

const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
