import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool } from 'pg';
import { PrismaClient } from './generated/client.js';

// The generated client leaves a global `__dirname` behind, from which Emscripten modules of the same
// process would wrongly conclude that they are CommonJS.
Reflect.deleteProperty(globalThis, '__dirname');

export type { PrismaClient };

/** Prisma on a pool that it shares: closing it leaves the pool open. */
export function prismaOn(pool: Pool): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg(pool) });
}
