import type { Events } from '../contract.js';
import type { Db } from '../db.js';
import type { Event } from '../generated/client.js';
import { isId } from '../ids.js';
import { stored } from '../stored.js';
import type { StoredEvent } from '../types.js';

export function eventRepository({ prisma }: Db): Events {
  return {
    since: async (sweepId, after, limit, project = null) => {
      if (sweepId === null) {
        const events = await prisma.event.findMany({
          where: { id: { gt: after }, ...(project === null ? {} : { sweep: { project } }) },
          orderBy: { id: 'asc' },
          take: limit,
        });
        return events.map(storedEvent);
      }
      if (!isId(sweepId)) return [];
      const events = await prisma.event.findMany({
        where: { sweepId, seq: { gt: after } },
        orderBy: { seq: 'asc' },
        take: limit,
      });
      return events.map(storedEvent);
    },

    last: async (sweepId) => {
      if (sweepId === null) {
        const newest = await prisma.event.findFirst({ orderBy: { id: 'desc' }, select: { id: true } });
        return Number(newest?.id ?? 0);
      }
      const sweep = isId(sweepId)
        ? await prisma.sweep.findUnique({ where: { id: sweepId }, select: { eventSeq: true } })
        : null;
      return sweep?.eventSeq ?? 0;
    },
  };
}

function storedEvent(event: Event): StoredEvent {
  return {
    id: Number(event.id),
    sweepId: event.sweepId,
    seq: event.seq,
    at: event.at.toISOString(),
    type: event.type,
    data: stored(event.data),
  };
}
