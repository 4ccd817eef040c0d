import { createRedisBackend, type RedisQueueBackend, type ConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { Backend } from './backend.js';

/** `redis://user:password@host:6379/0`; `rediss://` speaks TLS. */
export async function redisBackend(url: string): Promise<Backend<RedisQueueBackend, ConnectionOptions>> {
  await refuseEviction(url);
  const connection = {
    url,
    connectTimeout: 10_000,
    retryStrategy: (attempt: number) => Math.min(100 * 2 ** attempt, 2_000),
  };
  return {
    factory: createRedisBackend,
    producer: { ...connection, maxRetriesPerRequest: 1 },
    consumer: { ...connection, maxRetriesPerRequest: null },
    async sever(backend) {
      for (const each of [backend.connection, backend.blockingConnection]) (await each?.client)?.disconnect();
    },
  };
}

/** A Redis that evicts keys under memory pressure drops parts of the queue's structures, not whole jobs. */
async function refuseEviction(url: string): Promise<void> {
  const { address, policy } = await evictionPolicy(url);
  if (policy === 'noeviction') return;
  throw new Error(
    `Redis at ${address} may evict keys: its maxmemory-policy is ${policy}. ` +
      'Set "maxmemory-policy noeviction" in redis.conf, or run: redis-cli CONFIG SET maxmemory-policy noeviction',
  );
}

async function evictionPolicy(url: string): Promise<{ address: string; policy: string }> {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 10_000, retryStrategy: () => null });
  const address = `${client.options.host}:${client.options.port}`;
  // connect() itself only says that the connection is closed.
  let cause: unknown;
  client.on('error', (error: Error) => (cause = error));
  try {
    await client.connect();
    // Managed Redis services refuse CONFIG; INFO they answer.
    const info = await client.info('memory');
    return { address, policy: /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction' };
  } catch (error) {
    cause ??= error;
    throw new Error(`Redis at ${address} does not answer: ${String(cause)}. Start it, or correct its url`, {
      cause: error,
    });
  } finally {
    client.disconnect();
  }
}
