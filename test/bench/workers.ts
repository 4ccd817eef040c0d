import { parseArgs } from 'node:util';
import { seededRandom } from '@trawl/search';
import { midRun } from '../chaos/look.js';
import { LEASE_SECONDS, openSite, type Site } from '../chaos/site.js';
import { until } from '../support/processes.js';
import { findPeer, peer, sqlAlchemyUrl } from './python.js';
import { say } from './say.js';

const CELLS = 64;
const PEER_SECONDS = 120;

interface Swept {
  workers: number;
  killed: number;
  trawl: Outcome;
  /** null: not measured. */
  optuna: Record<string, unknown> | string | null;
}

interface Outcome {
  /** Attempts: one a cell, and one more for each that a killed worker had in hand. */
  runs: number;
  /** Results beyond one a cell. */
  extra: number;
  /** Runs that are said to go on when all is over. */
  stuck: number;
  /** Cells without a result. */
  missing: number;
  seconds: number;
}

/**
 * A grid of 64 cells with 1, 4, 8 and 16 workers of one slot, left alone and with half of the workers killed (kill -9) on
 * the way; the same by Optuna's GridSampler on the same Postgres.
 */
export async function workers(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: { workers: { type: 'string', multiple: true, default: ['1', '4', '8', '16'] } },
  });
  const optuna = await findPeer(['optuna', 'psycopg2']);
  say(optuna.about);
  const results: Swept[] = [];
  const site = await openSite({ queue: 'postgres', dice: seededRandom(1) });
  try {
    // As the trials of Optuna's side: 0.1 s.
    await site.teach({ epochs: 2, steps_per_epoch: 5, ms_per_step: 10 });
    await Promise.all([site.startApi(), site.startScheduler()]);
    await site.sql('create database optuna');
    const url = sqlAlchemyUrl(site.databaseUrl, 'optuna');
    for (const count of values.workers.map(Number)) {
      for (const killed of count === 1 ? [0] : [0, count / 2]) {
        say(`${count} workers, ${killed} killed`);
        const trawl = await sweep(site, count, killed);
        const theirs = optuna.found
          ? await peer('optuna_grid.py', [url, String(count), String(killed)], PEER_SECONDS)
          : null;
        results.push({ workers: count, killed, trawl, optuna: theirs });
      }
    }
  } finally {
    await site.close();
  }
  return { cells: CELLS, leaseSeconds: LEASE_SECONDS, results, optunaNote: optuna.about };
}

async function sweep(site: Site, count: number, killed: number): Promise<Outcome> {
  await Promise.all(Array.from({ length: count }, () => site.startWorker({ TRAWL_SLOTS: '1' })));
  const began = performance.now();
  const id = await site.submit(CELLS, {}, [1]);
  const states = async (): Promise<string[]> => (await site.runs(id)).map(({ state }) => state);
  if (killed > 0) {
    await midRun(site, 1);
    await until(
      'a third of the cells',
      async () => (await states()).filter((state) => state === 'succeeded').length > CELLS / 3,
      300_000,
    );
    for (const worker of site.workers.slice(0, killed)) worker.kill('SIGKILL');
  }
  const over = async (): Promise<boolean> => (await states()).every((state) => state === 'succeeded');
  // What has not come about by then is told, not waited for.
  await until('all cells', over, 300_000).catch(() => {});
  const seconds = Number(((performance.now() - began) / 1_000).toFixed(1));
  const now = await states();
  const [counts] = await site.sql(
    `select count(*)::int as runs, count(*) filter (where "end" = 'succeeded')::int as good
     from attempt join run on run.id = run_id where sweep_id = $1`,
    [id],
  );
  for (const worker of site.workers) worker.kill('SIGTERM');
  await until('the workers to end', () => site.workers.length === 0, 60_000);
  return {
    runs: Number(counts?.['runs']),
    extra: Number(counts?.['good']) - now.filter((state) => state === 'succeeded').length,
    stuck: now.filter((state) => state === 'running').length,
    missing: now.filter((state) => state !== 'succeeded').length,
    seconds,
  };
}
