import type { Workers } from '../contract.js';
import type { Db } from '../db.js';
import { isId, newId } from '../ids.js';
import { beat, freeSlots, listWorkers } from '../sql/workers.js';
import { changed, row, rows } from '../statement.js';
import type { Capability } from '../types.js';

interface WorkerRow {
  id: string;
  host: string;
  pid: number;
  slots: number;
  capability: Capability;
  devices: string[];
  version: string;
  started_at: Date;
  heartbeat_at: Date;
  alive: boolean;
  runs: { runId: string; sweepId: string; epoch: number | null; epochs: number | null }[];
}

export function workerRepository({ pool, prisma, leaseSeconds }: Db): Workers {
  const list = listWorkers(leaseSeconds);
  const free = freeSlots(leaseSeconds);
  return {
    register: async (worker) => {
      const id = newId();
      await prisma.worker.create({ data: { id, ...worker } });
      return id;
    },

    heartbeat: async (id) => isId(id) && (await changed(pool, beat, [id])) > 0,

    gone: async (id) => {
      if (isId(id)) await prisma.worker.updateMany({ where: { id, goneAt: null }, data: { goneAt: new Date() } });
    },

    list: async () =>
      (await rows<WorkerRow>(pool, list)).map((worker) => ({
        id: worker.id,
        host: worker.host,
        pid: worker.pid,
        slots: worker.slots,
        capability: worker.capability,
        devices: worker.devices,
        version: worker.version,
        startedAt: worker.started_at.toISOString(),
        heartbeatAt: worker.heartbeat_at.toISOString(),
        alive: worker.alive,
        runs: worker.runs,
      })),

    freeSlots: async (capability) => {
      const found = await row<{ slots: number; busy: number; dispatched: number }>(pool, free, [capability]);
      return found ?? { slots: 0, busy: 0, dispatched: 0 };
    },
  };
}
