import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { seededRandom } from '@trawl/search';
import { openSite } from '../chaos/site.js';
import { fetched, percentiles, timed } from './percentiles.js';
import { say } from './say.js';

const CELLS = 1_000;
/** Requests under way at once. */
const CLIENTS = 16;

/** POST of a sweep of 1,000 cells, one at a time; then GETs by 16 clients at once over what was posted. */
export async function http(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: { posts: { type: 'string', default: '10' }, seconds: { type: 'string', default: '5' } },
  });
  const env = { TRAWL_RATE_LIMIT_PER_SECOND: '0', TRAWL_LOG_LEVEL: 'info' };
  const site = await openSite({ queue: 'postgres', dice: seededRandom(1), durable: true, env });
  try {
    await Promise.all([site.startApi(), site.startScheduler()]);
    await site.submit(2);
    say(`${values.posts} sweeps of ${CELLS} cells`);
    const posts: number[] = [];
    let sweep = '';
    for (let n = 0; n < Number(values.posts); n += 1) {
      posts.push(await timed(async () => (sweep = await site.submit(CELLS, {}, [1]))));
    }
    const [run] = await site.runs(sweep);
    const calls = [
      '/v1/sweeps',
      `/v1/sweeps/${sweep}`,
      `/v1/sweeps/${sweep}/runs`,
      `/v1/runs/${run?.id}`,
      '/v1/models/ps-vae',
    ];
    const gets = [];
    for (const path of calls) {
      const call = path.replace(sweep, '{id}').replace(run?.id ?? '-', '{id}');
      say(`GET ${call}`);
      gets.push({ call, ...(await underLoad(`${site.apiUrl}${path}`, Number(values.seconds))) });
    }
    return {
      post: { cells: CELLS, ...percentiles(posts) },
      clients: CLIENTS,
      gets,
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
    };
  } finally {
    await site.close();
  }
}

async function underLoad(url: string, seconds: number) {
  const ms: number[] = [];
  const until = performance.now() + seconds * 1_000;
  const client = async (): Promise<void> => {
    while (performance.now() < until) ms.push(await timed(() => fetched(url)));
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { requestsPerSecond: Math.round(ms.length / seconds), ...percentiles(ms) };
}
