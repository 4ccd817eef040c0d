import { setTimeout as sleep } from 'node:timers/promises';
import { array, assert, asyncProperty, integer } from 'fast-check';
import { expect, it } from 'vitest';
import { inOrder } from './inOrder.js';

it('does tasks one by one in the order of their coming, however long each takes', async () => {
  await assert(
    asyncProperty(array(integer({ min: 0, max: 3 }), { maxLength: 20 }), async (durations) => {
      const done: number[] = [];
      let atOnce = 0;
      const tasks = inOrder(() => {});
      for (const [i, duration] of durations.entries()) {
        tasks.push(async () => {
          atOnce += 1;
          expect(atOnce).toBe(1);
          if (duration > 0) await sleep(duration);
          done.push(i);
          atOnce -= 1;
        });
      }
      await tasks.settled();
      expect(done).toEqual(durations.map((_, i) => i));
      expect(tasks.size).toBe(0);
    }),
    { numRuns: 20 },
  );
});

it('stops at the first error and tells of it once', async () => {
  const errors: unknown[] = [];
  const done: string[] = [];
  const tasks = inOrder((error) => errors.push(error));
  tasks.push(async () => void done.push('a'));
  tasks.push(() => Promise.reject(new Error('b')));
  tasks.push(async () => void done.push('c'));
  await tasks.settled();
  tasks.push(async () => void done.push('d'));
  await tasks.settled();
  expect(done).toEqual(['a']);
  expect(errors).toEqual([new Error('b')]);
});

it('settles at once when it is abandoned in the middle of a task that never ends', async () => {
  const tasks = inOrder(() => {});
  tasks.push(() => new Promise(() => {}));
  tasks.push(async () => expect.unreachable());
  const settled = tasks.settled();
  tasks.abandon();
  await settled;
});
