import type { Pool } from 'pg';
import type { UnsafeSwitches } from './contract.js';
import type { PrismaClient } from './prisma.js';

/** What every repository works on: Prisma for plain reads, the pool it shares for statements under sql/. */
export interface Db {
  pool: Pool;
  prisma: PrismaClient;
  unsafe: UnsafeSwitches;
  leaseSeconds: number;
}
