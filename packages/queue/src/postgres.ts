import { createPostgresBackend, type PostgresQueueBackend } from 'bullmq';
import type { Backend } from './backend.js';

/** BullMQ's own type of it is not exported. An alias, since an interface has no index signature. */
type PostgresConnection = {
  connectionString: string;
  options?: string;
  migrate?: boolean;
  max: number;
  connectionTimeoutMillis: number;
  application_name: string;
};

/**
 * BullMQ's tables live in the schema `bullmq` beside trawl's own. BullMQ pins that schema through the
 * connection option `options`, over which the same option in the URL would win: it is moved aside.
 */
export function postgresBackend(url: string): Backend<PostgresQueueBackend, PostgresConnection> {
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options');
  parsed.searchParams.delete('options');
  const connection = {
    connectionString: parsed.href,
    // A crash of the server may forget what the queue did in its last moments: repair makes up for lost jobs, the fence for
    // those that come twice.
    options: ['-c synchronous_commit=off', ...(options === null ? [] : [options])].join(' '),
    connectionTimeoutMillis: 10_000,
    application_name: 'trawl-queue',
  };
  return {
    factory: createPostgresBackend,
    producer: { ...connection, migrate: true, max: 2 },
    // Beside the pool a consumer holds one connection that LISTENs.
    consumer: { ...connection, max: 3 },
    async sever() {
      // A pg pool ends by itself: it does not try to reconnect.
    },
  };
}
