import { EVENT_TYPES, EventData, type EventView } from '@trawl/spec';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { unreachable } from './errors.js';
import { type Http, isPassing } from './http.js';
import { pause, waitBefore } from './retry.js';

export interface EventOptions {
  /** Only events after this one. */
  after?: number | undefined;
  /** Ends the iteration, without an error. */
  signal?: AbortSignal | undefined;
  /** Gives up after so long without a connection. Default 5 minutes. */
  patienceMs?: number | undefined;
  /** Told each time when the connection is lost or cannot be made. */
  onReconnect?: ((error: unknown) => void) | undefined;
}

/** The service sends a sign of life every 20 s. */
const SILENCE_MS = 60_000;
const PATIENCE_MS = 300_000;

/**
 * Server-sent events as an async iterator that outlives its connections: after each it goes on behind the last
 * event that it gave. Each event comes once, in order, whatever happens to connections and services in between.
 * @throws ApiError where the service refuses, as for a sweep that is not there; UnreachableError when patience ends
 */
export async function* follow(
  http: Http,
  path: readonly string[],
  { after, signal, patienceMs = PATIENCE_MS, onReconnect }: EventOptions,
): AsyncGenerator<EventView, void, void> {
  let place = after;
  let failures = 0;
  let lostAt = performance.now();
  const ended = (): boolean => signal?.aborted === true;
  while (!ended()) {
    const hangUp = new AbortController();
    try {
      const answer = await http.open({
        method: 'GET',
        path,
        headers: {
          accept: 'text/event-stream, application/problem+json',
          ...(place !== undefined && { 'last-event-id': String(place) }),
        },
        signal: AbortSignal.any(signal === undefined ? [hangUp.signal] : [signal, hangUp.signal]),
      });
      // Without a place this stream began at one that only the service knew.
      place ??= placeOf(answer.headers.get('last-event-id'));
      failures = 0;
      for await (const event of eventsOf(answer)) {
        if (place !== undefined && event.id <= place) continue;
        place = event.id;
        yield event;
      }
      throw unreachable(new Error('the service ended the stream'));
    } catch (error) {
      if (ended()) return;
      if (!isPassing(error)) throw error;
      if (failures === 0) lostAt = performance.now();
      if (performance.now() - lostAt > patienceMs) throw error;
      onReconnect?.(error);
      failures += 1;
      await pause(waitBefore(failures, http.retry, null), signal).catch(() => undefined);
    } finally {
      hangUp.abort();
    }
  }
}

async function* eventsOf(answer: Response): AsyncGenerator<EventView> {
  if (answer.body === null) return;
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  for (;;) {
    // A connection that is dead without anybody having said so: the read then ends as if it were the last.
    const dead = setTimeout(() => void reader.cancel(), SILENCE_MS);
    const { done, value } = await reader
      .read()
      .catch((error: unknown) => {
        throw unreachable(error);
      })
      .finally(() => clearTimeout(dead));
    if (done) return;
    parser.feed(decoder.decode(value, { stream: true }));
    for (const message of messages.splice(0)) {
      const event = eventOf(message);
      if (event !== null) yield event;
    }
  }
}

/** null for what only a newer service tells of. */
function eventOf({ id, event, data }: EventSourceMessage): EventView | null {
  const type = EVENT_TYPES.find((each) => each === event);
  const place = placeOf(id);
  return type === undefined || place === undefined
    ? null
    : { id: place, type, data: EventData.parse(JSON.parse(data)) };
}

const placeOf = (text: string | null | undefined): number | undefined =>
  text === null || text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
