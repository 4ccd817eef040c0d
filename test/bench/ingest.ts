import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { seededRandom } from '@trawl/search';
import { openSite } from '../chaos/site.js';
import { openDatabase } from './database.js';
import { say } from './say.js';
import { usageByRole } from './usage.js';

/** Of one step. */
const METRICS = 10;
const SEEDS = 2;

/** Trainers at once: so many workers of so many slots. */
const SITES = [
  { workers: 1, slots: 1 },
  { workers: 2, slots: 4 },
  { workers: 2, slots: 16 },
];

/** Points a second from trainers through their supervisors into Postgres, fsync on, from the POST until all is stored. */
export async function ingest(args: string[]): Promise<object> {
  const { values } = parseArgs({ args, options: { points: { type: 'string', default: '400000' } } });
  const results = [];
  for (const site of SITES) results.push(await measure(site, Number(values.points)));
  return { metricsPerStep: METRICS, results };
}

async function measure({ workers, slots }: (typeof SITES)[number], wanted: number) {
  const trainers = workers * slots;
  // A sweep has two cells at least.
  const runs = Math.max(trainers, 2 * SEEDS);
  const steps = Math.ceil(wanted / runs / METRICS);
  const points = runs * steps * METRICS;
  say(`${points} points from ${trainers} trainers`);
  const site = await openSite({ queue: 'postgres', dice: seededRandom(1), durable: true });
  try {
    await site.teach({ steps, metrics: METRICS }, 'bench/reporter.js');
    await Promise.all([site.startApi(), site.startScheduler()]);
    const worker = { TRAWL_SLOTS: String(slots), TRAWL_LOG_LEVEL: 'info' };
    await Promise.all(Array.from({ length: workers }, () => site.startWorker(worker)));
    const database = await openDatabase(site.databaseUrl);
    try {
      // Trainers are warm, and Postgres knows the table, before the clock starts.
      await database.succeeded(await site.submit(runs / SEEDS));
      const before = usageByRole(site);
      const began = performance.now();
      const sweep = await site.submit(runs / SEEDS);
      await database.succeeded(sweep);
      const seconds = (performance.now() - began) / 1_000;
      const after = usageByRole(site);
      const [row] = await database.rows(
        'select count(*)::int as stored from metric_point where run_id in (select id from run where sweep_id = $1)',
        [sweep],
      );
      const cpu = (role: string): number => ((after?.[role] ?? 0) - (before?.[role] ?? 0)) / (points / 1_000_000);
      return {
        trainers,
        points,
        pointsPerSecond: Math.round(points / seconds),
        missing: points - Number(row?.['stored']),
        load: Number((loadavg()[0] ?? 0).toFixed(1)),
        cpuSecondsPerMillionPoints:
          after === null
            ? null
            : Object.fromEntries(Object.keys(after).map((role) => [role, Number(cpu(role).toFixed(1))])),
      };
    } finally {
      await database.close();
    }
  } finally {
    await site.close();
  }
}
