import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@trawl/spec';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Drawn, type OpenApi, requestsOf } from '../support/fuzz/requests.js';
import { type Answer, curl, filled, send } from '../support/fuzz/send.js';
import { startWorld, type World } from '../support/fuzz/world.js';
import { smallSpec, stagedSpec } from '../support/specs.js';

/*
 * Requests drawn from openapi.json at a real api on a real Postgres. The same seed draws the same requests; what fails
 * is shown as a curl command. TRAWL_FUZZ_REQUESTS and TRAWL_FUZZ_SEED take more of them, or others.
 */
const REQUESTS = Number(process.env['TRAWL_FUZZ_REQUESTS'] ?? 3_000);
const SEED = Number(process.env['TRAWL_FUZZ_SEED'] ?? 1);
const AT_ONCE = 8;

const EXAMPLES: Record<string, unknown[]> = {
  '/v1/sweeps': [smallSpec(), stagedSpec(), { ...smallSpec(), dataset: { kind: 'hdf5', path: '../canary.txt' } }],
  '/v1/sweeps/{id}/refit': [{ top: 1, seeds: 2 }],
  '/v1/sweeps/{id}/extend': [{ values: { beta: [2, 3] } }, { seeds: [7] }, { stage: 'search', seeds: [8] }],
  '/v1/sweeps/{id}/stages/{name}/approve': [{ who: 'me', why: 'so' }],
  '/v1/keys': [{ name: 'x', scope: 'read', expiresDays: 3 }],
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const STACK_TRACE = /\n\s+at \S+|node_modules|\.js:\d+:\d+|node:internal/;

/** What is wrong with an answer; null where nothing is. */
function fault(request: Drawn, { status, contentType, body }: Answer): string | null {
  if (status >= 500) return `status ${status}`;
  if (status >= 400 && request.method !== 'HEAD') {
    if (!contentType.startsWith('application/problem+json')) return `status ${status} as ${contentType}`;
    const problem = Problem.safeParse(JSON.parse(body));
    if (!problem.success || problem.data.status !== status) return 'no problem of RFC 9457';
  }
  if (STACK_TRACE.test(body) && status >= 400) return 'a stack trace';
  const asked = `${request.path}${request.body}`;
  const told = world.secrets.find((secret) => body.includes(secret) && !asked.includes(secret));
  return told === undefined ? null : `it tells ${told}`;
}

/** Of a 500, what the log has under its id. */
function reasonOf({ body }: Answer): string {
  const id = /under ([0-9a-f-]{36})/.exec(body)?.[1];
  const lines = world.logged().split('\n');
  return lines.find((line) => id !== undefined && line.includes(id) && line.includes('"err"'))?.slice(0, 1_500) ?? '';
}

interface Tally {
  statuses: Map<string, number>;
  gets: number[];
  faults: string[];
}

async function play(requests: readonly Drawn[], agent: Agent, tally: Tally): Promise<void> {
  let next = 0;
  const player = async () => {
    for (let drawn = requests[next++]; drawn !== undefined; drawn = requests[next++]) {
      if (next % 250 === 0) await world.look();
      const fill = (text: string) => filled(text, world.pool);
      const headers = Object.fromEntries(Object.entries(drawn.headers).map(([name, value]) => [name, fill(value)]));
      const request = {
        ...drawn,
        path: fill(drawn.path),
        headers,
        body: drawn.body === null ? null : fill(drawn.body),
      };
      const shown = () => curl(world.url, { ...request, headers: drawn.headers });
      try {
        const answer = await send(world.url, agent, request);
        const wrong = fault(request, answer);
        if (wrong !== null)
          tally.faults.push(`${wrong}\n  ${shown()}\n  ${answer.body.slice(0, 300)}\n  ${reasonOf(answer)}`);
        const status = `${Math.floor(answer.status / 100)}xx`;
        tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
        if (request.method === 'GET' && !answer.contentType.startsWith('text/event-stream')) tally.gets.push(answer.ms);
      } catch (error) {
        tally.faults.push(`${String(error)}\n  ${shown()}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, player));
}

it(`answers ${REQUESTS} requests of any kind, and keeps nothing of them`, { timeout: 1_800_000 }, async () => {
  const document: OpenApi = JSON.parse(await (await fetch(`${world.url}/openapi.json`)).text());
  const requests = fc.sample(requestsOf(document, EXAMPLES), { numRuns: REQUESTS, seed: SEED });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const tally: Tally = { statuses: new Map(), gets: [], faults: [] };

  const warm = Math.floor(REQUESTS / 3);
  await play(requests.slice(0, warm), agent, tally);
  const before = await world.holdings();
  const began = performance.now();
  await play(requests.slice(warm), agent, tally);
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  await sleep(1_000);
  const after = await world.holdings();

  const sorted = tally.gets.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]?.toFixed(1);
  process.stdout.write(
    `fuzz: seed ${SEED}, ${REQUESTS} requests, ${Math.round((REQUESTS - warm) / seconds)} a second, ` +
      `${AT_ONCE} at once; ${JSON.stringify(Object.fromEntries(tally.statuses))}; ` +
      `GET p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${sorted.length}; ` +
      `before ${JSON.stringify(before)}, after ${JSON.stringify(after)}\n`,
  );
  expect(tally.faults.slice(0, 10).join('\n\n')).toBe('');
  expect(world.running()).toBe(true);
  expect(world.logged()).not.toMatch(/"level":(50|60)|Unhandled|MaxListeners/);
  for (const secret of world.secrets.slice(3)) expect(world.logged()).not.toContain(secret);
  // The pool of connections opens as many as it may, and then no more.
  expect(after.connections).toBeLessThanOrEqual(Math.max(before.connections, 20));
  expect(after.files - before.files).toBeLessThan(10 + AT_ONCE);
  expect(after.megabytes - before.megabytes).toBeLessThan(150);
  expect(Object.fromEntries(tally.statuses)).toMatchObject({ '2xx': expect.any(Number), '4xx': expect.any(Number) });
});
