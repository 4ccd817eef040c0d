import type { LeaseAnswer } from '@trawl/store';
import { afterEach, describe, expect, it } from 'vitest';
import { type HeldRun, keepLeases, type LeaseKeeper } from './lease.js';

const LEASE_SECONDS = 30;

const run: HeldRun = { runId: 'r1', fence: 3, sweepId: 's1' };

/** A clock turned by hand, and renewals answered by hand. */
function setUp(trustForEver = false) {
  let time = 1_000;
  const asked: { held: readonly HeldRun[]; answer(answers: [string, LeaseAnswer][]): void; fail(): void }[] = [];
  const events: string[] = [];
  const keeper = keepLeases({
    leaseSeconds: LEASE_SECONDS,
    now: () => time,
    onError: () => events.push('error'),
    trustForEver,
    renew: (held) =>
      new Promise((resolve, reject) => {
        asked.push({ held, answer: (answers) => resolve(new Map(answers)), fail: () => reject(new Error('away')) });
      }),
  });
  keepers.push(keeper);
  const hold = (which: HeldRun = run) =>
    keeper.hold(which, time, {
      onLost: (why) => events.push(`${which.runId} lost: ${why}`),
      onPaused: () => events.push(`${which.runId} paused`),
    });
  const pass = (seconds: number): void => {
    time += seconds;
    keeper.tick();
  };
  return { keeper, asked, events, hold, pass, jump: (seconds: number) => (time += seconds) };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const keepers: LeaseKeeper[] = [];
afterEach(() => {
  for (const keeper of keepers.splice(0)) keeper.close();
});

describe('the renewal loop', () => {
  it('renews every 10 s, all runs in one question', async () => {
    const { asked, hold, pass } = setUp();
    hold();
    hold({ ...run, runId: 'r2' });
    pass(9.9);
    expect(asked).toHaveLength(0);
    pass(0.1);
    expect(asked[0]?.held.map(({ runId, fence }) => [runId, fence])).toEqual([
      ['r1', 3],
      ['r2', 3],
    ]);
    asked[0]?.answer([
      ['r1', 'held'],
      ['r2', 'held'],
    ]);
    await settle();
    pass(10);
    expect(asked).toHaveLength(2);
  });

  it('counts the lease from the sending of the question, not from its answer', async () => {
    const { asked, hold, pass, jump, events } = setUp();
    const lease = hold();
    pass(10);
    jump(4);
    asked[0]?.answer([['r1', 'held']]);
    await settle();
    jump(LEASE_SECONDS - 4 - 4 - 0.5);
    expect(lease.alive()).toBe(true);
    jump(0.6);
    expect(lease.alive()).toBe(false);
    expect(events).toHaveLength(1);
  });

  it('asks again after 5 s without an answer and 1 s after an error', async () => {
    const { asked, hold, pass, events } = setUp();
    hold();
    pass(10);
    pass(4);
    expect(asked).toHaveLength(1);
    pass(1);
    expect(asked).toHaveLength(2);
    asked[1]?.fail();
    await settle();
    expect(events).toEqual(['error']);
    pass(1);
    expect(asked).toHaveLength(3);
  });

  it('gives up a run before Postgres does, when renewals fail', () => {
    const { hold, pass, events } = setUp();
    hold();
    for (let t = 0; t < 25; t++) pass(1);
    expect(events).toEqual([]);
    pass(1);
    expect(events).toEqual(['r1 lost: its lease could not be renewed in time']);
  });
});

describe('waking from a freeze', () => {
  it('shows at the first look, before any tick', () => {
    const { hold, jump, events } = setUp();
    const lease = hold();
    jump(60);
    expect(lease.alive()).toBe(false);
    expect(events).toEqual(['r1 lost: its lease could not be renewed in time']);
  });

  it('does not let an answer from before the freeze revive the run', async () => {
    const { asked, hold, pass, jump, events } = setUp();
    const lease = hold();
    pass(10);
    jump(60);
    asked[0]?.answer([['r1', 'held']]);
    await settle();
    expect(lease.alive()).toBe(false);
    expect(events).toHaveLength(1);
  });

  it('can be switched off for tests of the fence', async () => {
    const { asked, keeper, hold, jump } = setUp(true);
    const lease = hold();
    jump(600);
    expect(lease.alive()).toBe(true);
    void keeper.renewNow();
    asked[0]?.answer([['r1', 'lost']]);
    await settle();
    expect(lease.alive()).toBe(true);
  });
});

describe('answers', () => {
  it('tells of lost and paused runs, and takes silence about a run for lost', async () => {
    const { keeper, asked, hold, events } = setUp();
    hold();
    hold({ ...run, runId: 'r2' });
    hold({ ...run, runId: 'r3' });
    void keeper.renewNow();
    asked[0]?.answer([
      ['r1', 'lost'],
      ['r2', 'paused'],
    ]);
    await settle();
    expect(events).toEqual([
      'r1 lost: it was cancelled, or taken over by another worker',
      'r2 paused',
      'r3 lost: it was cancelled, or taken over by another worker',
    ]);
  });

  it('leaves it to the write that ends a run to say whether the run was still held', async () => {
    const { keeper, asked, hold, events, jump } = setUp();
    const lease = hold();
    lease.ending();
    void keeper.renewNow();
    asked[0]?.answer([['r1', 'lost']]);
    await settle();
    expect(events).toEqual([]);
    expect(lease.alive()).toBe(true);
    jump(LEASE_SECONDS);
    expect(lease.alive()).toBe(false);
    expect(events).toEqual(['r1 lost: its lease could not be renewed in time']);
  });

  it('does not ask about a run that is dropped, nor call back for it', async () => {
    const { keeper, asked, hold, events } = setUp();
    const lease = hold();
    void keeper.renewNow();
    lease.drop();
    asked[0]?.answer([['r1', 'lost']]);
    await settle();
    expect(events).toEqual([]);
    expect(lease.alive()).toBe(false);
    await keeper.renewNow();
    expect(asked).toHaveLength(1);
  });

  it('does not take the answer about an earlier attempt for one about the next', async () => {
    const { keeper, asked, hold, events } = setUp();
    hold().drop();
    void keeper.renewNow();
    const next = hold({ ...run, fence: 5 });
    asked[0]?.answer([['r1', 'lost']]);
    await settle();
    expect(events).toEqual([]);
    expect(next.alive()).toBe(true);
  });
});

it('knows which sweeps and runs are held', () => {
  const { keeper, hold } = setUp();
  hold();
  expect(keeper.holds('s1', undefined)).toBe(true);
  expect(keeper.holds('s1', 'r1')).toBe(true);
  expect(keeper.holds('s1', 'r2')).toBe(false);
  expect(keeper.holds('s2', undefined)).toBe(false);
});
