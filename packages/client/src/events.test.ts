import type { EventView } from '@trawl/spec';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Answer, hangUp, problem, startServer, type TestServer } from './testServer.js';
import { ApiError, createClient, UnreachableError } from './index.js';

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const client = () => createClient({ baseUrl: server.baseUrl, retry: { firstMs: 1 } });
const block = (id: number, event = 'run'): string =>
  `id: ${id}\nevent: ${event}\ndata: {"at":"2026-11-22T12:00:00Z","sweepId":"s","n":${id}}\n\n`;

/** Sends these pieces, then breaks off, or stays open. */
const stream =
  (pieces: string[], how: 'break' | 'end' | 'stay', headers: Record<string, string> = {}): Answer =>
  async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    for (const piece of pieces) await new Promise((sent) => response.write(piece, sent));
    if (how === 'end') response.end();
    if (how === 'break') setTimeout(() => response.destroy(), 20);
  };

async function take(events: AsyncIterable<EventView>, n: number): Promise<number[]> {
  const ids: number[] = [];
  for await (const event of events) if (ids.push(event.id) === n) break;
  return ids;
}

it('goes on behind the last event after every kind of loss, and gives none twice', async () => {
  server.answers.push(
    stream([': hello\n\n', block(1), block(2).slice(0, 20)], 'break'),
    problem(503, 'restarting'),
    hangUp,
    // A service that repeats itself, and one that tells of what nobody knows yet.
    stream([block(1), block(2), block(3, 'novelty'), block(4, 'stage')], 'end'),
    stream([block(5, 'sweep')], 'stay'),
  );
  const lost: unknown[] = [];
  const seen: EventView[] = [];
  for await (const event of client().sweeps.events('s', { onReconnect: (error) => lost.push(error) })) {
    if (seen.push(event) === 4) break;
  }
  expect(seen.map(({ id, type }) => [id, type])).toEqual([
    [1, 'run'],
    [2, 'run'],
    [4, 'stage'],
    [5, 'sweep'],
  ]);
  expect(seen[0]?.data).toEqual({ at: '2026-11-22T12:00:00Z', sweepId: 's', n: 1 });
  expect(server.seen.map(({ url, headers }) => [url, headers['last-event-id']])).toEqual(
    ['0', '1', '1', '1', '4'].map((after) => ['/v1/sweeps/s/events', after]),
  );
  expect(lost).toHaveLength(4);
});

it('keeps its place also where the first connection breaks before its first event', async () => {
  server.answers.push(stream([': hello\n\n'], 'break', { 'last-event-id': '41' }), stream([block(42)], 'stay'));
  expect(await take(client().events(), 1)).toEqual([42]);
  expect(server.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '41']);
});

it('ends with a refusal', async () => {
  server.answers.push(problem(404, 'There is no sweep s.'));
  await expect(take(client().sweeps.events('s'), 1)).rejects.toBeInstanceOf(ApiError);
  expect(server.seen).toHaveLength(1);
});

it('gives up when nobody answers for long', async () => {
  server.answers.push(hangUp);
  await expect(take(client().sweeps.events('s', { patienceMs: 50 }), 1)).rejects.toBeInstanceOf(UnreachableError);
  expect(server.seen.length).toBeGreaterThan(1);
});

it.each([
  ['it waits for an event', stream([], 'stay')],
  ['it waits to reconnect', hangUp],
])('ends without an error when it is told to while %s', async (_, answer) => {
  server.answers.push(answer);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 60);
  expect(await take(client().sweeps.events('s', { signal: stop.signal }), 1)).toEqual([]);
});
