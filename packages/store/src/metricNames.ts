import type { Pool } from 'pg';
import { rows } from './statement.js';

export type MetricNames = (names: Iterable<string>) => Promise<ReadonlyMap<string, number>>;

/**
 * The dictionary of metric names, remembered for as long as the process lives: names are never
 * deleted. Never inside a transaction: one that rolls back would leave ids here that do not exist.
 * Unknown names are looked up before they are inserted, since an insert that meets a conflict uses up
 * one of the 32,767 ids too.
 */
export function metricNames(pool: Pool): MetricNames {
  const known = new Map<string, number>();

  const learn = async (text: string, names: string[]): Promise<void> => {
    for (const { id, name } of await rows<{ id: number; name: string }>(pool, { text }, [names])) known.set(name, id);
  };

  return async (names) => {
    const missing = (): string[] => [...new Set(names)].filter((name) => !known.has(name)).sort();
    const find = 'select id, name from metric_name where name = any($1::text[])';
    const insert = 'insert into metric_name (name) select unnest($1::text[]) on conflict do nothing returning id, name';
    // The third: somebody else inserted them in between.
    for (const text of [find, insert, find]) {
      const wanted = missing();
      if (wanted.length === 0) break;
      await learn(text, wanted);
    }
    return known;
  };
}
