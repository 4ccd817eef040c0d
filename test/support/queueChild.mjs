/*
 * A process that takes jobs, to be killed or left: `node queueChild.mjs URL LOCK_SECONDS`. Says
 * `ready`, then `took` for each job, which it keeps for ever; on the message `close` it closes by
 * force and has to end by itself.
 */
import { once } from 'node:events';
import { openQueue } from '@trawl/queue';

const [url, lockSeconds] = process.argv.slice(2);
const queue = await openQueue({ url, capability: 'cpu', lockSeconds: Number(lockSeconds) });
const consumer = await queue.consume(1, (job) => {
  process.send({ took: job });
  return new Promise(() => {});
});
process.send('ready');
await once(process, 'message');
await consumer.close(true);
await queue.close();
process.disconnect();
