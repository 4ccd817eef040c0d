import { expect, it } from 'vitest';
import { Answers } from './answers.js';

function counted(most = 10) {
  const asked: string[] = [];
  const seqs = new Map<string, number>();
  const answers = new Answers<string>(
    { last: async (sweepId) => seqs.get(sweepId ?? '') ?? 0 },
    { weigh: (answer) => answer.length, most },
  );
  const ask = (sweepId: string, by: string): Promise<string> =>
    answers.of(sweepId, { by }, async () => {
      asked.push(sweepId + by);
      if (by === 'bad') throw new Error('bad');
      return sweepId + by;
    });
  return { ask, asked, happen: (sweepId: string) => seqs.set(sweepId, (seqs.get(sweepId) ?? 0) + 1) };
}

it('works an answer out once, and again when something has happened in its sweep', async () => {
  const { ask, asked, happen } = counted();
  expect(await Promise.all([ask('a', '1'), ask('a', '1')])).toEqual(['a1', 'a1']);
  await ask('a', '2');
  happen('b');
  await ask('a', '1');
  expect(asked).toEqual(['a1', 'a2']);
  happen('a');
  await ask('a', '1');
  expect(asked).toEqual(['a1', 'a2', 'a1']);
});

it('keeps no failure, and no more than it may', async () => {
  const { ask, asked } = counted(4);
  await expect(ask('a', 'bad')).rejects.toThrow('bad');
  await expect(ask('a', 'bad')).rejects.toThrow('bad');
  for (const by of ['1', '2', '1', '3', '1', '2']) await ask('c', by);
  expect(asked).toEqual(['abad', 'abad', 'c1', 'c2', 'c3', 'c2']);
});
