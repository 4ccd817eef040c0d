import { readFileSync, readdirSync } from 'node:fs';
import type { Site } from '../chaos/site.js';

/** A process as /proc shows it. */
interface Seen {
  pid: number;
  parent: number;
  /** Of its own threads, and of children that have ended. */
  cpuSeconds: number;
  residentBytes: number;
}

/** Clock ticks a second and bytes a page, as on every Linux that Node runs on. */
const TICKS = 100;
const PAGE = 4096;

/** All processes; none where there is no /proc. */
function processes(): Seen[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? look(Number(name)) : []));
  } catch {
    return [];
  }
}

function look(pid: number): Seen[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold spaces.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const ticks = fields.slice(11, 15).reduce((sum, each) => sum + each, 0);
    return [{ pid, parent, cpuSeconds: ticks / TICKS, residentBytes: (fields[21] ?? 0) * PAGE }];
  } catch {
    // It ended while we looked.
    return [];
  }
}

interface Usage {
  own: number;
  /** Of the processes under it. */
  children: number;
}

function usageOf(pids: readonly number[]): Map<number, Usage> {
  const all = processes();
  const below = (pid: number): number =>
    sum(all.filter(({ parent }) => parent === pid).map((each) => each.cpuSeconds + below(each.pid)));
  return new Map(
    pids.map((pid) => {
      const own = all.find((each) => each.pid === pid)?.cpuSeconds ?? 0;
      return [pid, { own, children: below(pid) }];
    }),
  );
}

/** CPU seconds that each role has used so far; null where there is no /proc. */
export function usageByRole({ api, schedulers, workers, postgresPid }: Site): Record<string, number> | null {
  const pids = { api: [api.pid], scheduler: schedulers.map(pidOf), workers: workers.map(pidOf) };
  const usage = usageOf([postgresPid, ...Object.values(pids).flat()]);
  if ([...usage.values()].every(({ own }) => own === 0)) return null;
  const of = (list: readonly number[], part: (usage: Usage) => number): number =>
    sum(list.map((pid) => part(usage.get(pid) ?? { own: 0, children: 0 })));
  return {
    ...mapValues(pids, (_, list) => of(list, ({ own }) => own)),
    trainers: of(pids.workers, ({ children }) => children),
    postgres: of([postgresPid], ({ own, children }) => own + children),
  };
}

export const residentMegabytes = (pid: number): number | null => {
  const [seen] = look(pid);
  return seen === undefined ? null : Math.round(seen.residentBytes / 1e6);
};

const pidOf = ({ pid }: { pid: number }): number => pid;

export const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

export function mapValues<T, U>(record: Record<string, T>, map: (key: string, value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(key, value)]));
}
