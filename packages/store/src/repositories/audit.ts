import type { Audit } from '../contract.js';
import type { Db } from '../db.js';
import { Prisma } from '../generated/client.js';
import { stored } from '../stored.js';
import { pageOf } from '../views.js';

export function auditRepository({ prisma }: Db): Audit {
  return {
    record: async ({ detail, ...entry }) => {
      await prisma.audit.create({ data: { ...entry, detail: detail ?? Prisma.DbNull } });
    },

    list: async ({ target, cursor, limit }) => {
      const entries = await prisma.audit.findMany({
        where: {
          ...(target === undefined ? {} : { target }),
          ...(cursor === undefined ? {} : { id: { lt: cursor } }),
        },
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      const views = entries.map(({ id, at, by, keyId, action, target: to, detail }) => ({
        id: String(id),
        at: at.toISOString(),
        by,
        keyId,
        action,
        target: to,
        detail: stored<null>(detail),
      }));
      return pageOf(views, limit);
    },
  };
}
