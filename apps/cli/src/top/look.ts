import { ApiError, type Client } from '@trawl/client';
import {
  EXECUTION_DEFAULTS,
  isSweepFinished,
  metricName,
  type Params,
  type RunView,
  type SweepDetail,
  type SweepState,
  type WireNumber,
  type WorkerView,
} from '@trawl/spec';
import { z } from 'zod';

/** What the whole service does at one moment. */
export interface Snapshot {
  at: string;
  /** null for a key of a project, which may not see them. */
  workers: WorkerView[] | null;
  /** Of workers that live. */
  slots: { total: number; busy: number } | null;
  /** Queued runs, those that go first foremost; those of sweeps that do not run last. */
  waiting: Waiting[];
  /** The longest-running first. */
  running: Running[];
}

export interface Waiting {
  sweepId: string;
  sweep: string;
  state: SweepState;
  stage: string;
  priority: number;
  runs: number;
}

export interface Running {
  runId: string;
  sweepId: string;
  sweep: string;
  stage: string | null;
  point: Params;
  seed: number;
  epoch: number | null;
  epochs: number | null;
  worker: string | null;
  /** Its newest value of what its stage ranks by, else of a loss. */
  metric: { name: string; value: WireNumber } | null;
  startedAt: string | null;
}

/** Requests at once. */
const AT_ONCE = 16;
const PAGE = 500;
const Priority = z.object({ execution: z.object({ priority: z.int().optional() }).optional() });
const Stages = z.object({ stages: z.array(Priority.extend({ name: z.string() })).optional() });

/** Looks at the service by its api. What does not change between looks it remembers. */
export interface Looker {
  /** @throws ApiError, UnreachableError */
  look(): Promise<Snapshot>;
  /** Sweeps may have come or opened again: the next look lists them all anew. */
  relist(): void;
}

export function createLooker(client: Client): Looker {
  let active: string[] | null = null;
  const perEpoch = new Map<string, Promise<string[]>>();
  let metrics = new Map<string, { epoch: number | null; step: number | null; metric: Running['metric'] }>();

  const unfinished = async (): Promise<string[]> => {
    if (active !== null) return active;
    const found: string[] = [];
    // Set first: what is said while the list is read asks for another one.
    active = found;
    try {
      for await (const { id, state } of client.sweeps.list({ limit: PAGE }))
        if (!isSweepFinished(state)) found.push(id);
    } catch (error) {
      active = null;
      throw error;
    }
    return found;
  };

  const reportedBy = (model: string): Promise<string[]> => {
    const known =
      perEpoch.get(model) ??
      unless404(client.models.get(model)).then((card) =>
        (card?.metrics ?? [])
          .filter((each) => each.perEpoch)
          .flatMap(({ name, splits }) => splits.map((split) => metricName(split, name))),
      );
    perEpoch.set(model, known);
    known.catch(() => perEpoch.delete(model));
    return known;
  };

  const metricOf = async (run: RunView, sweep: SweepDetail): Promise<Running['metric']> => {
    const stage = sweep.stages.find(({ name }) => run.stages.includes(name));
    const names = await reportedBy(stage?.model ?? sweep.model);
    const wanted = [stage?.metric, 'val.loss', 'train.loss', names[0]].flatMap((name) =>
      name !== undefined && name !== null && names.includes(name) ? [name] : [],
    );
    if (wanted.length === 0) return null;
    const answer = await unless404(client.runs.metrics(run.id, { names: wanted, points: 2 }));
    for (const name of wanted) {
      const value = answer?.curves.find((curve) => curve.name === name)?.values.at(-1);
      if (value !== undefined) return { name, value };
    }
    return null;
  };

  const runsOf = async (sweep: SweepDetail): Promise<RunView[]> => {
    const runs: RunView[] = [];
    if (sweep.runs.running === 0) return runs;
    const found = client.sweeps.runs(sweep.id, { state: 'running', limit: PAGE });
    await unless404(
      (async () => {
        for await (const run of found) runs.push(run);
      })(),
    );
    return runs;
  };

  return {
    relist: () => void (active = null),
    async look() {
      const [workers, ids] = await Promise.all([workersOf(client), unfinished()]);
      const found = await chunked(ids, (id) => unless404(client.sweeps.get(id)));
      const sweeps = found.flatMap((sweep) => (sweep === null || isSweepFinished(sweep.state) ? [] : [sweep]));
      if (active === ids) active = sweeps.map(({ id }) => id);
      const runs = (
        await chunked(sweeps, async (sweep) => (await runsOf(sweep)).map((run) => ({ run, sweep })))
      ).flat();

      const seen: typeof metrics = new Map();
      const running = await chunked(runs, async ({ run, sweep }): Promise<Running> => {
        const { epoch, step } = run;
        const before = metrics.get(run.id);
        const metric =
          before !== undefined && before.epoch === epoch && before.step === step
            ? before.metric
            : await metricOf(run, sweep);
        seen.set(run.id, { epoch, step, metric });
        return {
          runId: run.id,
          sweepId: sweep.id,
          sweep: sweep.name,
          stage: run.stages[0] ?? null,
          point: run.point,
          seed: run.seed,
          epoch,
          epochs: run.epochs,
          worker: run.worker,
          metric,
          startedAt: run.startedAt,
        };
      });
      metrics = seen;
      const living = workers?.filter(({ alive }) => alive);
      return {
        at: new Date().toISOString(),
        workers,
        slots:
          living === undefined
            ? null
            : { total: sum(living, (each) => each.slots), busy: sum(living, (each) => each.runs.length) },
        waiting: waitingOf(sweeps),
        running: running.sort((a, b) => Date.parse(a.startedAt ?? '') - Date.parse(b.startedAt ?? '')),
      };
    },
  };
}

function waitingOf(sweeps: SweepDetail[]): Waiting[] {
  const waiting = sweeps.flatMap((sweep) =>
    sweep.stages.flatMap((stage): Waiting[] =>
      stage.runs.queued === 0
        ? []
        : [
            {
              sweepId: sweep.id,
              sweep: sweep.name,
              state: sweep.state,
              stage: stage.name,
              priority: priorityOf(sweep.spec, stage.name),
              runs: stage.runs.queued,
            },
          ],
    ),
  );
  const held = ({ state }: Waiting): number => (state === 'paused' ? 1 : 0);
  return waiting.sort((a, b) => held(a) - held(b) || b.priority - a.priority || (a.sweepId < b.sweepId ? -1 : 1));
}

/** A stage's own goes over the sweep's. */
function priorityOf(spec: unknown, stage: string): number {
  const own = Stages.safeParse(spec).data?.stages?.find(({ name }) => name === stage)?.execution?.priority;
  return own ?? Priority.safeParse(spec).data?.execution?.priority ?? EXECUTION_DEFAULTS.priority;
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((all, item) => all + of(item), 0);

async function workersOf(client: Client): Promise<WorkerView[] | null> {
  try {
    return await client.workers.list();
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null;
    throw error;
  }
}

/** null for what is not there any more. */
async function unless404<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

async function chunked<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    done.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return done;
}
