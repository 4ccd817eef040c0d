import { expect, it } from 'vitest';
import { createAlarm } from './alarm.js';

it('wakes when it rings, and not before', async () => {
  const alarm = createAlarm();
  let awake = false;
  const waiting = alarm.wait(60_000).then(() => (awake = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(awake).toBe(false);
  alarm.ring();
  await waiting;
});

it('does not wait when it rang meanwhile, once', async () => {
  const alarm = createAlarm();
  alarm.ring();
  alarm.ring();
  await alarm.wait(60_000);
  const started = performance.now();
  await alarm.wait(30);
  expect(performance.now() - started).toBeGreaterThan(25);
});
