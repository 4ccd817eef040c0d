import type { Capability, RunJob, RunQueue } from './contract.js';

/** The part of the store that dispatching asks. */
export interface DispatchStore {
  runs: {
    takeForDispatch(limit: number, capability: Capability): Promise<(RunJob & { sweepId: string })[]>;
    /** Queued and marked: what the queues should hold. */
    dispatched(): Promise<(RunJob & { capability: Capability })[]>;
    undispatch(runs: readonly RunJob[]): Promise<number>;
  };
  workers: {
    freeSlots(capability: Capability): Promise<{ slots: number; busy: number; dispatched: number }>;
  };
}

/** What happens around the adding of jobs, as that it is recorded. It must call `add`, with these runs. */
export type AddJobs = <R extends RunJob>(
  runs: readonly R[],
  add: (runs: readonly R[]) => Promise<void>,
) => Promise<void>;

const justAdd: AddJobs = (runs, add) => add(runs);

/** With no worker anywhere so many runs wait, so that the first one to come starts at once. */
const FOR_THE_FIRST_WORKER = 4;
/** A worker that ends a run always finds another. */
const AT_LEAST = 2;

interface Load {
  queue: RunQueue;
  slots: number;
  busy: number;
  dispatched: number;
}

/**
 * Moves runs from Postgres, which orders them, to the queues, which have no order but that of arrival:
 * so no more wait there than keeps the workers busy. Every run may go to every queue. Any number of
 * processes may call this at the same time: at worst a few more runs wait than were needed.
 * @returns the runs it put into a queue.
 */
export async function dispatch(
  store: DispatchStore,
  queues: readonly RunQueue[],
  adding: AddJobs = justAdd,
): Promise<(RunJob & { sweepId: string; capability: Capability })[]> {
  const loads = await Promise.all(
    queues.map(async (queue): Promise<Load> => ({ queue, ...(await store.workers.freeSlots(queue.capability)) })),
  );
  await takeBack(store, loads);
  const moved = [];
  // Free slots everywhere come before anybody's reserve, and a GPU's before a CPU's: it is done sooner.
  const order = loads.toSorted((a, b) => rank(a) - rank(b));
  for (const target of [freeSlots, wanted]) {
    for (const load of order) {
      const limit = target(load, loads) - load.dispatched;
      if (limit <= 0) continue;
      const { capability } = load.queue;
      const runs = await store.runs.takeForDispatch(limit, capability);
      await adding(runs, (traced) => load.queue.add(traced));
      load.dispatched += runs.length;
      moved.push(...runs.map((run) => ({ ...run, capability })));
    }
  }
  return moved;
}

const rank = (load: Load): number => (load.queue.capability === 'gpu' ? 0 : 1);
const freeSlots = ({ slots, busy }: Load): number => slots - busy;

/** How many runs should wait in a queue: with those that run, twice its slots. */
function wanted(load: Load, loads: readonly Load[]): number {
  if (load.slots > 0) return Math.max(AT_LEAST, 2 * load.slots - load.busy);
  if (loads.some((each) => each.slots > 0) || load !== loads[0]) return 0;
  return FOR_THE_FIRST_WORKER - loads.slice(1).reduce((sum, each) => sum + each.dispatched, 0);
}

/** Runs that wait for workers of a capability which has none, while another has some, are free to go there. */
async function takeBack(store: DispatchStore, loads: readonly Load[]): Promise<void> {
  if (loads.every((load) => load.slots === 0)) return;
  const deserted = loads.filter((load) => load.slots === 0 && load.dispatched > 0);
  if (deserted.length === 0) return;
  const capabilities = new Set(deserted.map((load) => load.queue.capability));
  const runs = await store.runs.dispatched();
  await store.runs.undispatch(runs.filter((run) => capabilities.has(run.capability)));
}

/**
 * Adds again what a queue lost of the runs that Postgres knows to be dispatched: jobs that were never
 * added, whose consumer died, or that went with a Redis. Asks for as many jobs as there are slots,
 * about, however large the sweeps are.
 * @returns the runs it added again.
 */
export async function repair(
  store: DispatchStore,
  queues: readonly RunQueue[],
  adding: AddJobs = justAdd,
): Promise<RunJob[]> {
  const dispatched = await store.runs.dispatched();
  const lost = await Promise.all(
    queues.map(async (queue) => {
      const expected = dispatched.filter((run) => run.capability === queue.capability);
      const held = await queue.has(expected);
      const missing = expected.filter((_, i) => !held[i]);
      await adding(missing, (traced) => queue.add(traced));
      return missing;
    }),
  );
  return lost.flat();
}
