import type { StoredEvent } from '@trawl/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventStream } from './eventStream.js';
import { Wakeups } from './wakeups.js';

const event = (seq: number): StoredEvent => ({ id: seq, sweepId: 'a', seq, at: '', type: 'run', data: {} });

/** As much of the service as a stream reads, over a list of events. */
function around(events: StoredEvent[]) {
  const wakeups = new Wakeups();
  const store = {
    events: {
      since: async (_sweepId: string | null, after: number) => events.filter(({ seq }) => seq > after),
      last: async () => events.at(-1)?.seq ?? 0,
    },
  };
  return { wakeups, store };
}

describe('eventStream', () => {
  // With a clock that stands still only a wake-up can bring news.
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives what is there, then what a wake-up announces, until it is stopped', async () => {
    const events = [event(1), event(2)];
    const { wakeups, store } = around(events);
    const stop = new AbortController();
    const stream = eventStream('a', 0, stop.signal, { wakeups, store });
    expect((await stream.next()).value?.seq).toBe(1);
    expect((await stream.next()).value?.seq).toBe(2);
    const third = stream.next();
    await vi.advanceTimersByTimeAsync(1);
    events.push(event(3));
    wakeups.notify({ kind: 'run', sweepId: 'a' });
    expect((await third).value?.seq).toBe(3);
    const end = stream.next();
    stop.abort();
    expect((await end).done).toBe(true);
  });

  it('loses no event that comes between its look and its wait', async () => {
    const events = [event(1)];
    const { wakeups, store } = around(events);
    const look = store.events.since;
    store.events.since = async (sweepId, after) => {
      const found = await look(sweepId, after);
      if (events.length === 1 && found.length === 0) {
        events.push(event(2));
        wakeups.notify({ kind: 'run', sweepId: 'a' });
      }
      return found;
    };
    const stream = eventStream('a', 0, new AbortController().signal, { wakeups, store });
    expect([(await stream.next()).value?.seq, (await stream.next()).value?.seq]).toEqual([1, 2]);
  });

  it('finds what no wake-up announced, later', async () => {
    const events = [event(1)];
    const stream = eventStream('a', 1, new AbortController().signal, around(events));
    const next = stream.next();
    await vi.advanceTimersByTimeAsync(1);
    events.push(event(2));
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await next).value?.seq).toBe(2);
  });

  it('ends when the sweep is gone', async () => {
    const events = [event(1)];
    const { wakeups, store } = around(events);
    const stream = eventStream('a', 0, new AbortController().signal, { wakeups, store });
    await stream.next();
    const end = stream.next();
    await vi.advanceTimersByTimeAsync(1);
    events.pop();
    wakeups.notify({ kind: 'sweep', sweepId: 'a' });
    expect((await end).done).toBe(true);
  });
});
