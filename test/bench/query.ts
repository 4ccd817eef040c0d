import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { seededRandom } from '@trawl/search';
import { openStore, type Store } from '@trawl/store';
import { openSite, type Site } from '../chaos/site.js';
import { until } from '../support/processes.js';
import { addSweep, addWorker, betas, stagePlan } from '../support/sweeps.js';
import { type Database, openDatabase } from './database.js';
import { fillSweep } from './fillSweep.js';
import { fetched, percentiles, timed } from './percentiles.js';
import { say } from './say.js';

const SWEEPS = 10;
/** Of its cells are refitted, for what happens while the best cell is asked for. */
const REFITTED = 2;

/** One kind of question: what it takes when nothing has happened, and as the first one after an event. */
interface Answered {
  runs: number;
  call: string;
  /** Of this api process, and of one that has just started. */
  firstMs: number;
  restartedMs: number;
  quiet: object;
  afterEvent: object;
}

/**
 * How long reading takes as runs grow: each size is over ten sweeps of equal size, all finished but for the last runs of the
 * newest, which is asked for. An event is a run of it that succeeds: of its search, for `best` of a refit.
 */
export async function query(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', multiple: true, default: ['1000', '100000', '1000000'] },
      calls: { type: 'string', default: '40' },
    },
  });
  const calls = Number(values.calls);
  const results: Answered[] = [];
  for (const runs of values.runs.map(Number)) results.push(...(await measure(runs, calls)));
  return { sweeps: SWEEPS, calls, results, load: Number((loadavg()[0] ?? 0).toFixed(1)) };
}

async function measure(runs: number, calls: number): Promise<Answered[]> {
  const env = { TRAWL_RATE_LIMIT_PER_SECOND: '0', TRAWL_LOG_LEVEL: 'info' };
  const site = await openSite({ queue: 'postgres', dice: seededRandom(1), durable: true, env });
  try {
    await site.startApi();
    const database = await openDatabase(site.databaseUrl);
    const store = await openStore({ databaseUrl: site.databaseUrl });
    try {
      const { sweep, curve, waiting } = await fill(store, database, runs, calls);
      const succeed = await succeeding(store);
      const first = await ask({
        site,
        runs,
        calls,
        paths: {
          'ranking page': `sweeps/${sweep}/ranking?limit=50`,
          'sweep list': 'sweeps',
          sweep: `sweeps/${sweep}`,
          'run list': `sweeps/${sweep}/runs?limit=50`,
          'run list, failed': `sweeps/${sweep}/runs?limit=50&state=failed`,
          'metric curve': `runs/${curve}/metrics?names=train.loss&points=500`,
        },
        event: () => succeed(waiting.shift() ?? ''),
      });
      const refits = await refit(store, sweep, calls);
      const second = await ask({
        site,
        runs,
        calls,
        paths: { best: `sweeps/${sweep}/best` },
        event: () => succeed(refits.shift() ?? ''),
      });
      return [...second, ...first];
    } finally {
      await store.close();
      await database.close();
    }
  } finally {
    await site.close();
  }
}

async function fill(store: Store, database: Database, runs: number, calls: number) {
  await database.rows('set synchronous_commit = off');
  // What is filled in is consistent: no foreign key is looked after.
  await database.rows("set session_replication_role = 'replica'");
  let sweep = '';
  let filled = { curve: '', waiting: [''] };
  for (let n = 1; n <= SWEEPS; n += 1) {
    say(`${runs} runs: sweep ${n} of ${SWEEPS}`);
    sweep = await addSweep(store, { name: `sweep ${n}`, cells: betas(2), stages: [stagePlan()] });
    filled = await fillSweep(database, sweep, { cells: runs / SWEEPS, waiting: n === SWEEPS ? calls : 0 });
  }
  await database.rows('vacuum analyze');
  return { sweep, ...filled };
}

async function succeeding(store: Store): Promise<(runId: string) => Promise<void>> {
  const worker = await addWorker(store);
  let value = 1;
  return async (runId) => {
    const claimed = await store.runs.claim(runId, 0, worker);
    // Better than all before it: it changes what is read.
    value /= 1.1;
    const summary = Object.fromEntries(['val.loss', ...OTHERS].map((name) => [name, value * 1e-6]));
    if (claimed === null || !(await store.runs.succeed(runId, claimed.fence, summary)))
      throw new Error(`run ${runId} does not run`);
  };
}

const OTHERS = Array.from({ length: 9 }, (_, i) => `val.m${i + 2}`);

/** Decides the search and opens a refit of it; its runs. */
async function refit(store: Store, sweep: string, calls: number): Promise<string[]> {
  const [search] = await store.stages.list(sweep);
  const { items } = await store.runs.page(sweep, { limit: 2, state: 'succeeded' });
  const [chosen] = items;
  if (search === undefined || chosen === undefined) throw new Error('the sweep has no run');
  await store.stages.decide(search.id, { cellId: chosen.cellId, why: 'bench', decidedBy: 'rule' });
  const seeds = Array.from({ length: Math.ceil(calls / REFITTED) }, (_, i) => 100 + i);
  const plan = { ...search.plan, name: 'refit', kind: 'refit' as const, select: null, seeds: [] };
  const made = await store.stages.addRefit(sweep, { ...plan, refit: { top: REFITTED, seeds: seeds.length } });
  if (made === null || made === 'key-known') throw new Error('the sweep takes no refit');
  const cells = betas(REFITTED, 1);
  await store.stages.open(made.stageId, cells, seeds, search.datasetHash);
  return (await store.runs.page(sweep, { stage: 'refit', limit: 1_000 })).items.map(({ id }) => id);
}

interface Questions {
  site: Site;
  runs: number;
  calls: number;
  paths: Readonly<Record<string, string>>;
  event: () => Promise<void>;
}

/** Of each kind `calls` in a row; then all kinds in turn after each event; then once of a new api process. */
async function ask({ site, runs, calls, paths, event }: Questions): Promise<Answered[]> {
  const once = (path: string): Promise<number> => timed(() => fetched(`${site.apiUrl}/v1/${path}`));
  const kinds = Object.entries(paths).map(([call, path]) => ({
    call,
    path,
    firstMs: 0,
    quiet: [] as number[],
    afterEvent: [] as number[],
  }));
  for (const kind of kinds) {
    kind.firstMs = await once(kind.path);
    for (let n = 0; n < calls; n += 1) kind.quiet.push(await once(kind.path));
  }
  for (let n = 0; n < calls; n += 1) {
    await event();
    for (const kind of kinds) kind.afterEvent.push(await once(kind.path));
  }
  const answered: Answered[] = [];
  const { api } = site;
  api.kill('SIGTERM');
  await until('the api to end', () => !api.alive, 15_000);
  await site.startApi();
  // The first request of a process opens its connections.
  await fetched(`${site.apiUrl}/readyz`);
  for (const { call, path, firstMs, quiet, afterEvent } of kinds) {
    const restartedMs = await once(path);
    const result = {
      runs,
      call,
      firstMs: rounded(firstMs),
      restartedMs: rounded(restartedMs),
      quiet: percentiles(quiet),
      afterEvent: percentiles(afterEvent),
    };
    say(`  ${call}: ${JSON.stringify(result)}`);
    answered.push(result);
  }
  return answered;
}

const rounded = (ms: number): number => Number(ms.toFixed(1));
