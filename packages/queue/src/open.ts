import type { QueueOptions, RunQueue } from './contract.js';
import { postgresBackend } from './postgres.js';
import { redisBackend } from './redis.js';
import { openRunQueue } from './runQueue.js';

/**
 * Opens the queue of one capability where the URL says.
 * @throws when the server does not answer, or is a Redis that may evict keys.
 */
export async function openQueue(options: QueueOptions): Promise<RunQueue> {
  const scheme = URL.canParse(options.url) ? new URL(options.url).protocol : '';
  switch (scheme) {
    case 'postgres:':
    case 'postgresql:':
      return openRunQueue(postgresBackend(options.url), options);
    case 'redis:':
    case 'rediss:':
      return openRunQueue(await redisBackend(options.url), options);
    default:
      throw new Error(
        `queue url: given ${scheme || 'something that is no URL'}, allowed postgres:// redis:// rediss://`,
      );
  }
}
