import { expect, it } from 'vitest';
import { fencedWriter, RunLost } from './fenced.js';

function setUp() {
  const lost = new AbortController();
  const lease = {
    alive: () => !lost.signal.aborted,
    lose: (why: string) => lost.abort(why),
    ending: () => {},
    drop: () => {},
  };
  return { lost, ...fencedWriter(lease, lost.signal, () => {}) };
}
const failing = (code: string): Error => Object.assign(new Error(code), { code });

it('sends again after an outage, and hands on the answer', async () => {
  const { write } = setUp();
  const answers: (Error | string)[] = [failing('ECONNREFUSED'), failing('57P01'), failing('40001'), 'stored'];
  const stored = await write('x', async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? null;
  });
  expect(stored).toBe('stored');
});

it('does not insist where the database will never take it', async () => {
  const { write } = setUp();
  await expect(write('x', () => Promise.reject(failing('22003')))).rejects.toThrow('22003');
});

it.each([false, null])('takes %s for a stale fence: the run is lost, later writes are not sent', async (refusal) => {
  const { write, lost } = setUp();
  await expect(write('x', async () => refusal)).rejects.toThrow(RunLost);
  expect(lost.signal.aborted).toBe(true);
  await expect(write('y', async () => expect.unreachable())).rejects.toThrow(RunLost);
});

it('leaves a statement that hangs when the lease ends', async () => {
  const { write, lost } = setUp();
  const writing = write('x', () => new Promise<true>(() => {}));
  lost.abort('ended');
  await expect(writing).rejects.toThrow(RunLost);
});
