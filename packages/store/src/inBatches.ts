import { setImmediate as turn } from 'node:timers/promises';

/** A batch that takes longer, behind a lock or on a dead connection, no longer keeps the next one waiting. */
const PATIENCE_MS = 1_000;

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

export interface BatchOptions<T> {
  /** Items of the same key never share a batch. */
  keyOf: (item: T) => string;
  /** A batch ends before it weighs more than `most`; one item may. */
  weigh?: (item: T) => number;
  most: number;
  patienceMs?: number;
}

/**
 * Does one thing at once, and all that is asked for meanwhile together in the next batch: alone an item waits for
 * nobody, in a crowd many share one transaction and its wait for the disk. A batch that fails is done again item by
 * item, so that each gets its own answer.
 * @param work the results in the order of the items; all or nothing
 */
export function inBatches<T, R>(
  work: (items: readonly T[]) => Promise<readonly R[]>,
  { keyOf, weigh = () => 1, most, patienceMs = PATIENCE_MS }: BatchOptions<T>,
): (item: T) => Promise<R> {
  let waiting: Waiting<T, R>[] = [];
  let busy = false;

  const next = (): Waiting<T, R>[] => {
    const batch: Waiting<T, R>[] = [];
    const left: Waiting<T, R>[] = [];
    const keys = new Set<string>();
    let weight = 0;
    for (const each of waiting) {
      const key = keyOf(each.item);
      const heavier = weight + weigh(each.item);
      if (batch.length === 0 || (heavier <= most && !keys.has(key))) {
        batch.push(each);
        weight = heavier;
      } else left.push(each);
      // What comes later under a key that was left must not overtake it.
      keys.add(key);
    }
    waiting = left;
    return batch;
  };

  const run = async (batch: readonly Waiting<T, R>[]): Promise<void> => {
    try {
      const results = await work(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error(`${batch.length} items got ${results.length} results`);
      results.forEach((result, i) => batch[i]?.resolve(result));
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else await Promise.all(batch.map((each) => run([each])));
    }
  };

  const pump = async (): Promise<void> => {
    busy = true;
    // What is asked for in the same turn goes together from the start.
    await turn();
    while (waiting.length > 0) {
      let patience: NodeJS.Timeout | undefined;
      const impatient = new Promise<void>((resolve) => (patience = setTimeout(resolve, patienceMs)));
      await Promise.race([run(next()), impatient]);
      clearTimeout(patience);
    }
    busy = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!busy) void pump();
    });
}
