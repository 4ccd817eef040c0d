import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { seededRandom } from '@trawl/search';
import { openStore } from '@trawl/store';
import { openSite, type Site } from '../chaos/site.js';
import { addSweep, betas, stagePlan } from '../support/sweeps.js';
import { type Database, openDatabase } from './database.js';
import { fillSweep } from './fillSweep.js';
import { fetched, percentiles, timed } from './percentiles.js';
import { say } from './say.js';

const SWEEPS = 10;
/** The service's own limit. */
const LARGEST = 100_000;
const CALLS = 40;

/**
 * How long reading takes as runs grow: each size is over ten sweeps of equal size, finished; asked for is the newest.
 * The first call of each kind is told apart (`firstMs`): afterwards the api and Postgres have seen what it reads.
 */
export async function query(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string', multiple: true, default: ['1000', '100000'] }, million: { type: 'boolean' } },
  });
  const sizes = [...values.runs.map(Number), ...(values.million === true ? [SWEEPS * LARGEST] : [])];
  const results: object[] = [];
  for (const runs of sizes) results.push(...(await measure(runs)));
  return { sweeps: SWEEPS, calls: CALLS, results, load: Number((loadavg()[0] ?? 0).toFixed(1)) };
}

async function measure(runs: number): Promise<object[]> {
  const env = { TRAWL_RATE_LIMIT_PER_SECOND: '0', TRAWL_LOG_LEVEL: 'info' };
  const site = await openSite({ queue: 'postgres', dice: seededRandom(1), durable: true, env });
  try {
    await site.startApi();
    const database = await openDatabase(site.databaseUrl);
    try {
      const { sweep, run } = await fill(site, database, runs);
      const results = [];
      for (const [call, path] of Object.entries({
        best: `sweeps/${sweep}/best`,
        'ranking page': `sweeps/${sweep}/ranking?limit=50`,
        'sweep list': 'sweeps',
        'run list': `sweeps/${sweep}/runs?limit=50`,
        'run list, failed': `sweeps/${sweep}/runs?limit=50&state=failed`,
        'metric curve': `runs/${run}/metrics?names=train.loss&points=500`,
      })) {
        const url = `${site.apiUrl}/v1/${path}`;
        const firstMs = Number((await timed(() => fetched(url))).toFixed(1));
        const ms: number[] = [];
        for (let n = 0; n < CALLS; n += 1) ms.push(await timed(() => fetched(url)));
        say(`  ${call}: ${firstMs} ms, then ${percentiles(ms).p50Ms} ms`);
        results.push({ runs, call, ...percentiles(ms), firstMs });
      }
      return results;
    } finally {
      await database.close();
    }
  } finally {
    await site.close();
  }
}

async function fill(site: Site, database: Database, runs: number): Promise<{ sweep: string; run: string }> {
  const store = await openStore({ databaseUrl: site.databaseUrl });
  let filled = { sweep: '', run: '' };
  try {
    for (let n = 0; n < SWEEPS; n += 1) {
      say(`${runs} runs: sweep ${n + 1} of ${SWEEPS}`);
      const sweep = await addSweep(store, { name: `sweep ${n}`, cells: betas(2), stages: [stagePlan()] });
      filled = { sweep, run: await fillSweep(database, sweep, runs / SWEEPS) };
    }
  } finally {
    await store.close();
  }
  await database.rows('vacuum analyze');
  return filled;
}
