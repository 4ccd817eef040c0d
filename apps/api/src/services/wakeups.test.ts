import { describe, expect, it } from 'vitest';
import { Wakeups } from './wakeups.js';

const never = () => new AbortController().signal;
const LONG = 60_000;

/** Whether a wait is over once all that is pending has run. */
async function isOver(wait: Promise<void>): Promise<boolean> {
  return Promise.race([wait.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
}

describe('Wakeups', () => {
  it('wakes those who wait for the sweep, or for any', async () => {
    const wakeups = new Wakeups();
    const end = new AbortController();
    const [one, other, any] = ['a', 'b', null].map((sweep) => wakeups.next(sweep, LONG, end.signal));
    wakeups.notify({ kind: 'run', sweepId: 'a' });
    expect(await Promise.all([one, other, any].map((wait) => isOver(wait!)))).toEqual([true, false, true]);
    end.abort();
    expect(await isOver(other!)).toBe(true);
  });

  it('wakes everybody when anything may have happened', async () => {
    const wakeups = new Wakeups();
    const waits = ['a', null].map((sweep) => wakeups.next(sweep, LONG, never()));
    wakeups.notify({ kind: 'resync' });
    expect(await Promise.all(waits.map(isOver))).toEqual([true, true]);
  });

  it('ends by itself, and at once when there is nothing to wait for', async () => {
    const wakeups = new Wakeups();
    await wakeups.next('a', 1, never());
    expect(await isOver(wakeups.next('a', LONG, AbortSignal.abort()))).toBe(true);
  });
});
