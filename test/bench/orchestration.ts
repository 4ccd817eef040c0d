import { parseArgs } from 'node:util';
import { seededRandom } from '@trawl/search';
import { openSite } from '../chaos/site.js';
import { until } from '../support/processes.js';
import { say } from './say.js';

const WORKERS = 2;
const SLOTS = 8;
const SEEDS = 2;

interface Orchestrated {
  runs: number;
  slots: number;
  secondsPerRun: number;
  wallSeconds: number;
  minimumSeconds: number;
  /** Wall time over the least possible; null where that is 0. */
  ratio: number | null;
  runsPerSecond: number;
  lost: number;
  duplicated: number;
  commitsPerRun: number;
  peers: { ray: null; optuna: null };
}

/**
 * What trawl itself costs: runs that do nothing, and runs of a second, on 2 workers of 8 slots, with the processes of
 * production and fsync on, from the POST until the sweep has succeeded.
 */
export async function orchestration(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: { noop: { type: 'string', default: '1000' }, second: { type: 'string', default: '320' } },
  });
  const results: Orchestrated[] = [];
  for (const [seconds, runs] of [
    [0, Number(values.noop)],
    [1, Number(values.second)],
  ] as const) {
    say(`${runs} runs of ${seconds} s`);
    results.push(await measure(runs, seconds));
  }
  return { results, peersNote: 'Ray Tune and Optuna are not measured here yet' };
}

async function measure(runs: number, seconds: number): Promise<Orchestrated> {
  const site = await openSite({ queue: 'postgres', dice: seededRandom(1), durable: true });
  try {
    await site.teach({ epochs: 1, steps_per_epoch: 1, ms_per_step: seconds * 1_000, checkpoint_steps: 0 });
    const env = { TRAWL_SLOTS: String(SLOTS), TRAWL_LOG_LEVEL: 'info', TRAWL_WARM_RUNS: '100000' };
    await Promise.all([site.startApi(), site.startScheduler()]);
    await Promise.all(Array.from({ length: WORKERS }, () => site.startWorker(env)));
    // Trainers are warm before the clock starts.
    const warmUp = await site.submit(WORKERS * SLOTS);
    await succeeded(warmUp);
    const before = await commits();
    const began = performance.now();
    const sweep = await site.submit(runs / SEEDS);
    await succeeded(sweep);
    const wallSeconds = (performance.now() - began) / 1_000;
    const done = await commits();
    const [counts] = await site.sql(
      `select count(*) filter (where state = 'succeeded')::int as ok,
         (select count(*)::int from attempt join run on run.id = run_id where sweep_id = $1) as attempts
       from run where sweep_id = $1`,
      [sweep],
    );
    const ok = Number(counts?.['ok']);
    const minimumSeconds = (runs * seconds) / (WORKERS * SLOTS);
    return {
      runs,
      slots: WORKERS * SLOTS,
      secondsPerRun: seconds,
      wallSeconds: Number(wallSeconds.toFixed(2)),
      minimumSeconds,
      ratio: minimumSeconds === 0 ? null : Number((wallSeconds / minimumSeconds).toFixed(3)),
      runsPerSecond: Number((runs / wallSeconds).toFixed(1)),
      lost: runs - ok,
      duplicated: Number(counts?.['attempts']) - ok,
      commitsPerRun: Number(((done - before) / runs).toFixed(1)),
      peers: { ray: null, optuna: null },
    };
  } finally {
    await site.close();
  }

  async function succeeded(sweep: string): Promise<void> {
    const state = async () => (await site.sql('select state::text from sweep where id = $1', [sweep]))[0]?.['state'];
    await until('the sweep to succeed', async () => (await state()) === 'succeeded', 600_000);
  }

  async function commits(): Promise<number> {
    const [row] = await site.sql(
      'select xact_commit::int as n from pg_stat_database where datname = current_database()',
    );
    return Number(row?.['n']);
  }
}
