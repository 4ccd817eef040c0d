import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyView } from '@trawl/spec';
import type { Keys } from '../contract.js';
import type { Db } from '../db.js';
import type { ApiKey } from '../generated/client.js';
import { isId, newId } from '../ids.js';
import { touchKey } from '../sql/keys.js';
import { changed } from '../statement.js';

const TOKEN = /^trawl_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([\w-]{43})$/;
const SECRET_BYTES = 32;
/** A use is written down when the last one written is older: requests do not become writes. */
const TOUCH_SECONDS = 300;

/**
 * Keys are looked up by their id, and the hash of their secret is compared in constant time. A fast hash is
 * right: 256 random bits cannot be guessed, however fast each guess is, and a slow one would be paid with
 * every request.
 */
export function keyRepository({ pool, prisma }: Db): Keys {
  const find = (id: string) => (isId(id) ? prisma.apiKey.findUnique({ where: { id } }) : Promise.resolve(null));

  return {
    create: async ({ name, scope, project, expiresAt }) => {
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const data = { id: newId(), name, scope, project, expiresAt, secretHash: hashOf(secret).toString('hex') };
      const key = await prisma.apiKey.create({ data });
      return { key: viewOf(key), token: `trawl_${key.id.replaceAll('-', '')}_${secret}` };
    },

    list: async (project) => {
      const keys = await prisma.apiKey.findMany({
        ...(project === null ? {} : { where: { project } }),
        orderBy: { id: 'desc' },
      });
      return keys.map(viewOf);
    },

    revoke: async (id, project) => {
      const key = await find(id);
      if (key === null || (project !== null && key.project !== project)) return null;
      await prisma.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: new Date() } });
      return viewOf(await prisma.apiKey.findUniqueOrThrow({ where: { id } }));
    },

    check: async (token) => {
      const [, ...parts] = TOKEN.exec(token) ?? [];
      const secret = parts.pop();
      if (secret === undefined) return { ok: false, why: 'unknown' };
      const key = await find(parts.join('-'));
      const known = key === null ? Buffer.alloc(SECRET_BYTES) : Buffer.from(key.secretHash, 'hex');
      if (!timingSafeEqual(hashOf(secret), known) || key === null) return { ok: false, why: 'unknown' };
      if (key.revokedAt !== null) return { ok: false, why: 'revoked' };
      if (key.expiresAt !== null && key.expiresAt <= new Date()) return { ok: false, why: 'expired' };
      if (key.lastUsedAt === null || Date.now() - key.lastUsedAt.getTime() > TOUCH_SECONDS * 1_000) {
        await changed(pool, touchKey, [key.id, TOUCH_SECONDS]);
      }
      return { ok: true, key: viewOf(key) };
    },

    works: async (id) => isId(id) && (await prisma.apiKey.findFirst({ where: { id, ...working() } })) !== null,

    any: async () => (await prisma.apiKey.findFirst({ where: working(), select: { id: true } })) !== null,

    forget: async (name) => {
      await prisma.apiKey.deleteMany({ where: { name } });
    },
  };
}

const working = () => ({ revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] });

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

function viewOf(key: ApiKey): KeyView {
  return {
    id: key.id,
    name: key.name,
    scope: key.scope,
    project: key.project,
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
  };
}
