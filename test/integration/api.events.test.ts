import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { registerWorker, runsOf } from '../support/training.js';

interface Received {
  id: number;
  event: string;
  data: Record<string, unknown>;
}

let api: TestApi;
let url: string;
beforeAll(async () => {
  api = await startApi();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => api.close());

interface Listening {
  lastEventId?: number;
  /** Called when the stream is open. */
  onOpen?: () => Promise<void>;
}

/** Reads a stream until `enough` says so, then hangs up. */
async function listenTo(
  id: string | null,
  enough: (events: Received[]) => boolean,
  { lastEventId, onOpen }: Listening = {},
): Promise<Received[]> {
  const hangUp = new AbortController();
  const answer = await fetch(id === null ? `${url}/v1/events` : `${url}/v1/sweeps/${id}/events`, {
    signal: hangUp.signal,
    headers: lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) },
  });
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  await onOpen?.();
  const events: Received[] = [];
  let text = '';
  try {
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      events.push(...blocks.filter((block) => !block.startsWith(':')).map(parseBlock));
      if (enough(events)) break;
    }
  } finally {
    hangUp.abort();
  }
  return events;
}

function parseBlock(block: string): Received {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
  return { id: Number(field('id')), event: field('event'), data: JSON.parse(field('data')) };
}

const post = (path: string) => api.inject({ method: 'POST', url: path });
const cancelled = (events: Received[]) =>
  events.some(({ event, data }) => event === 'sweep' && data['state'] === 'cancelled');

describe('GET /v1/sweeps/{id}/events', () => {
  it('gives everything from the first event, without a gap', async () => {
    const id = await api.submit(smallSpec());
    for (const run of await runsOf(api.store, id)) await post(`/v1/runs/${run.id}/cancel`);
    await post(`/v1/sweeps/${id}/cancel`);
    const events = await listenTo(id, cancelled);
    expect(events.map((event) => event.id)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter((event) => event.event === 'run' && event.data['state'] === 'cancelled').length).toBe(8);
  });

  it('gives new events as they come', async () => {
    const id = await api.submit(smallSpec());
    const events = await listenTo(id, cancelled, { onOpen: async () => void (await post(`/v1/sweeps/${id}/cancel`)) });
    expect(cancelled(events)).toBe(true);
  });

  it('goes on after Last-Event-ID', async () => {
    const id = await api.submit(smallSpec());
    await post(`/v1/sweeps/${id}/pause`);
    await post(`/v1/sweeps/${id}/cancel`);
    const all = await listenTo(id, cancelled);
    const rest = await listenTo(id, cancelled, { lastEventId: 2 });
    expect(rest).toEqual(all.slice(2));
  });

  it('skips nothing under concurrent writers and readers that come and go', async () => {
    const id = await api.submit({ ...smallSpec(), seeds: Array.from({ length: 20 }, (_, i) => i + 1) });
    await registerWorker(api.store);
    const runs = await runsOf(api.store, id);
    const seen: number[] = [];
    let last = 0;
    const reading = (async () => {
      for (let done = false; !done;) {
        const some = await listenTo(id, (events) => events.length >= 7 || cancelled(events), { lastEventId: last });
        seen.push(...some.map((event) => event.id));
        last = Math.max(last, ...seen);
        done = cancelled(some);
      }
    })();
    await Promise.all(runs.map((run) => post(`/v1/runs/${run.id}/cancel`)));
    await post(`/v1/sweeps/${id}/cancel`);
    await reading;
    const distinct = [...new Set(seen)].sort((a, b) => a - b);
    expect(distinct).toEqual(Array.from({ length: distinct.length }, (_, i) => i + 1));
    expect(distinct.length).toBe(await api.store.events.last(id));
  });

  it('ends when the sweep is deleted', async () => {
    const id = await api.submit(smallSpec());
    await post(`/v1/sweeps/${id}/cancel`);
    const remove = async () => void (await api.inject({ method: 'DELETE', url: `/v1/sweeps/${id}` }));
    let seen = 0;
    await listenTo(id, (events) => {
      if (seen === 0 && cancelled(events)) void remove();
      seen = events.length;
      return false;
    });
    expect(seen).toBeGreaterThan(0);
  });

  it.each(['x', '-1', '1.5', '99999999999999999999', '1000000'])('refuses Last-Event-ID %s', async (given) => {
    const id = await api.submit(smallSpec());
    const answer = await api.inject({ url: `/v1/sweeps/${id}/events`, headers: { 'last-event-id': given } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors).toMatchObject([{ path: 'last-event-id', allowed: expect.stringMatching(/ 0|0 to/) }]);
  });

  it('has no HEAD, which would never end', async () => {
    const id = await api.submit(smallSpec());
    expect((await api.inject({ method: 'HEAD', url: `/v1/sweeps/${id}/events` })).statusCode).toBe(404);
  });

  it('lets the service close while streams are open', async () => {
    const own = await startApi();
    const base = await own.app.listen({ host: '127.0.0.1', port: 0 });
    const id = await own.submit(smallSpec());
    const answer = await fetch(`${base}/v1/sweeps/${id}/events`);
    expect(answer.headers.get('connection')).toBe('close');
    await own.app.close();
    await answer.text();
    await own.close();
  });
});

describe('GET /v1/events', () => {
  it('gives the events of all sweeps from now on', async () => {
    const before = await api.submit(smallSpec());
    let id = '';
    const ofMine = (events: Received[]) => events.some(({ data }) => data['sweepId'] === id);
    const events = await listenTo(null, ofMine, {
      onOpen: async () => {
        id = await api.submit(smallSpec());
      },
    });
    expect(ofMine(events)).toBe(true);
    expect(events.every(({ data }) => data['sweepId'] !== before)).toBe(true);
    const again = await listenTo(null, ofMine, { lastEventId: events[0]!.id - 1 });
    expect(again[0]).toEqual(events[0]);
  });
});
