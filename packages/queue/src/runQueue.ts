import { Queue, type IQueueBackend, type JobsOptions } from 'bullmq';
import type { Backend } from './backend.js';
import { openConsumer } from './runConsumer.js';
import type { Capability, QueueOptions, RunConsumer, RunJob, RunQueue } from './contract.js';
import { reporter } from './report.js';
import { within } from './within.js';

const CLOSE_MS = 2_000;
/** BullMQ spends its time in JavaScript on a bulk: smaller pieces keep the event loop alive. */
const BULK = 500;

const queueName = (capability: Capability): string => `trawl-${capability}`;

const jobId = (job: RunJob): string => `run-${job.runId}-${job.fence}`;

const jobOptions = (job: RunJob): JobsOptions => ({
  jobId: jobId(job),
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
});

/**
 * @throws when the server does not answer or its tables cannot be made.
 */
export async function openRunQueue<B extends IQueueBackend, C>(
  backend: Backend<B, C>,
  options: QueueOptions,
): Promise<RunQueue> {
  const report = reporter(options.onError);
  const name = queueName(options.capability);
  const queue = new Queue<RunJob, void, 'run', RunJob, void, 'run', B, C>(
    name,
    // Nobody reads BullMQ's events: design.md's events are rows of Postgres.
    { connection: backend.producer, streams: { events: { maxLen: 100 } } },
    backend.factory,
  );
  queue.on('error', report);
  const consumers = new Set<RunConsumer>();

  const close = async () => {
    await Promise.all([...consumers].map((consumer) => consumer.close(true)));
    if (!(await within(CLOSE_MS, queue.close()))) await within(CLOSE_MS, backend.sever(queue.getBackend()));
  };

  try {
    await queue.waitUntilReady();
  } catch (error) {
    await close();
    throw error;
  }

  let closing: Promise<void> | undefined;
  return {
    capability: options.capability,
    async add(jobs) {
      for (let from = 0; from < jobs.length; from += BULK) {
        const bulk = jobs.slice(from, from + BULK);
        await queue.addBulk(
          bulk.map(({ runId, fence, traceparent }) => ({
            name: 'run',
            data: { runId, fence, ...(traceparent !== undefined && { traceparent }) },
            opts: jobOptions({ runId, fence }),
          })),
        );
      }
    },
    async has(jobs) {
      const states = await Promise.all(jobs.map((job) => queue.getJobState(jobId(job))));
      return states.map((state) => state !== 'unknown');
    },
    async depth() {
      const counts = await queue.getJobCounts('waiting', 'active');
      return { waiting: counts['waiting'] ?? 0, active: counts['active'] ?? 0 };
    },
    async consume(concurrency, handler) {
      const consumer = await openConsumer({
        backend,
        name,
        concurrency,
        handler,
        report,
        lockSeconds: options.lockSeconds ?? 60,
      });
      consumers.add(consumer);
      return { ...consumer, close: (force) => consumer.close(force).finally(() => consumers.delete(consumer)) };
    },
    close: () => (closing ??= close()),
  };
}
