import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inBatches } from './inBatches.js';

function recorded(options: { most?: number; fails?: (items: readonly string[]) => boolean } = {}) {
  const batches: string[][] = [];
  const ask = inBatches<string, string>(
    async (items) => {
      batches.push([...items]);
      await turn();
      if (options.fails?.(items)) throw new Error(`no ${items.join()}`);
      return items.map((item) => item.toUpperCase());
    },
    { keyOf: (item) => item.charAt(0), most: options.most ?? 10 },
  );
  return { ask, batches };
}

it('does together what is asked for in one turn, and what comes meanwhile', async () => {
  const { ask, batches } = recorded();
  const asked = ['a', 'b'].map(ask);
  await turn();
  asked.push(...['c', 'd'].map(ask));
  expect(await Promise.all(asked)).toEqual(['A', 'B', 'C', 'D']);
  expect(await ask('e')).toBe('E');
  expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});

it('keeps one key out of a batch that has it, in order, and to the size of a batch', async () => {
  const { ask, batches } = recorded({ most: 2 });
  await Promise.all(['b1', 'b2', 'c', 'd', 'b3'].map(ask));
  expect(batches).toEqual([['b1', 'c'], ['b2', 'd'], ['b3']]);
});

it('does a batch that failed again, each alone', async () => {
  const { ask, batches } = recorded({ fails: (items) => items.includes('c') });
  const asked = await Promise.allSettled(['a', 'b', 'c', 'd'].map(ask));
  expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(batches).toEqual([['a', 'b', 'c', 'd'], ['a'], ['b'], ['c'], ['d']]);
  expect(await ask('e')).toBe('E');
});

it('does not wait for ever for one that hangs', async () => {
  const ask = inBatches<string, string>(
    (items) => (items.includes('hangs') ? new Promise(() => {}) : Promise.resolve(items)),
    { keyOf: (item) => item, most: 10, patienceMs: 10 },
  );
  void ask('hangs');
  await turn();
  expect(await Promise.all([ask('a'), ask('b')])).toEqual(['a', 'b']);
});
