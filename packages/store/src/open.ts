import { Pool } from 'pg';
import type { Store, StoreOptions } from './contract.js';
import type { Db } from './db.js';
import { metricNames } from './metricNames.js';
import { requireCurrent } from './migrate.js';
import { prismaOn } from './prisma.js';
import { artifactRepository } from './repositories/artifacts.js';
import { datasetRepository } from './repositories/datasets.js';
import { auditRepository } from './repositories/audit.js';
import { eventRepository } from './repositories/events.js';
import { keyRepository } from './repositories/keys.js';
import { metricRepository } from './repositories/metrics.js';
import { projectRepository } from './repositories/projects.js';
import { runRepository } from './repositories/runs.js';
import { stageRepository } from './repositories/stages.js';
import { statsRepository } from './repositories/stats.js';
import { sweepRepository } from './repositories/sweeps.js';
import { workerRepository } from './repositories/workers.js';
import { reports } from './runs/report.js';
import { LEASE_SECONDS } from './sql/lease.js';
import { onCommitted } from './transact.js';

/** Throws when the database's migrations are not those of this build, and says the remedy. */
export async function openStore({
  databaseUrl,
  poolSize = 10,
  unsafe = {},
  leaseSeconds = LEASE_SECONDS,
  onChange,
}: StoreOptions): Promise<Store> {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: poolSize,
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: 'trawl',
    // A process that is stopped (SIGSTOP, a laptop's lid) must not keep its sweep locked for the others.
    idle_in_transaction_session_timeout: 15_000,
  });
  // A connection that breaks fails the query in hand and is replaced at the next. Between queries there is
  // nobody to tell, idle or in a transaction, and without these an 'error' event would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    await requireCurrent(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  if (onChange !== undefined) onCommitted(pool, onChange);
  const prisma = prismaOn(pool);
  const db: Db = { pool, prisma, unsafe, leaseSeconds };
  const names = metricNames(pool);
  const said = reports(db, names);
  return {
    sweeps: sweepRepository(db),
    stages: stageRepository(db),
    runs: runRepository(db, names, said),
    metrics: metricRepository(db, said),
    artifacts: artifactRepository(db),
    datasets: datasetRepository(db),
    workers: workerRepository(db),
    events: eventRepository(db),
    keys: keyRepository(db),
    audit: auditRepository(db),
    stats: statsRepository(db),
    projects: projectRepository(db),
    ping: async () => {
      await pool.query('select 1');
    },
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
