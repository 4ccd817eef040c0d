import { describe, expect, it } from 'vitest';
import { defaultRetry, pause, waitBefore } from './retry.js';

describe('waitBefore', () => {
  const policy = { attempts: 9, firstMs: 100, longestMs: 1_000, random: () => 0 };

  it('doubles from half of the first wait up to the longest', () => {
    expect([1, 2, 3, 4, 5, 6].map((attempt) => waitBefore(attempt, policy, null))).toEqual([
      50, 100, 200, 400, 500, 500,
    ]);
    expect(waitBefore(2, { ...policy, random: () => 0.5 }, null)).toBe(150);
  });

  it('waits as long as the server asks, within the longest', () => {
    expect(waitBefore(1, policy, 700)).toBe(700);
    expect(waitBefore(1, policy, 60_000)).toBe(1_000);
  });

  it('draws in [0, 1) by default', () => {
    for (let i = 0; i < 100; i++) {
      const drawn = defaultRetry.random();
      expect(drawn).toBeGreaterThanOrEqual(0);
      expect(drawn).toBeLessThan(1);
    }
  });
});

describe('pause', () => {
  it('ends at once when the signal aborts', async () => {
    const stop = new AbortController();
    const pausing = pause(60_000, stop.signal);
    stop.abort();
    await expect(pausing).rejects.toThrow(/aborted/);
    await expect(pause(60_000, stop.signal)).rejects.toThrow(/aborted/);
  });
});
