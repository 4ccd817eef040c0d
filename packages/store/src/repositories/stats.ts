import type { AttemptEnd, RunState, SweepState } from '@trawl/spec';
import type { Stats } from '../contract.js';
import type { Db } from '../db.js';
import * as sql from '../sql/stats.js';
import { freeSlots } from '../sql/workers.js';
import { row, rows, type Statement } from '../statement.js';
import type { Capability } from '../types.js';

export function statsRepository({ pool, leaseSeconds }: Db): Stats {
  const counted = async <Key extends string, Name extends string>(statement: Statement, key: Name) =>
    (await rows<Record<Name, Key> & { n: number }>(pool, statement)).map((each) => [each[key], each.n] as const);
  const number = async (statement: Statement): Promise<number> => (await row<{ n: number }>(pool, statement))?.n ?? 0;

  return {
    read: async () => {
      const workers = new Map(await counted<Capability, 'capability'>(sql.workersAlive(leaseSeconds), 'capability'));
      const slots = await Promise.all(
        (['cpu', 'gpu'] as const).map(async (capability) => {
          const free = await row<{ slots: number; busy: number }>(pool, freeSlots(leaseSeconds), [capability]);
          const { slots: all = 0, busy = 0 } = free ?? {};
          return { capability, workers: workers.get(capability) ?? 0, slots: all, busy };
        }),
      );
      return {
        runs: new Map(await counted<RunState, 'state'>(sql.runsByState, 'state')),
        sweeps: new Map(await counted<SweepState, 'state'>(sql.sweepsByState, 'state')),
        waiting: await number(sql.runsWaiting),
        attempts: new Map(await counted<AttemptEnd, 'end'>(sql.attemptsByEnd, 'end')),
        points: await number(sql.pointsIngested),
        slots,
      };
    },
  };
}
