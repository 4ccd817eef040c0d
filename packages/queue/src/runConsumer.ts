import { WaitingError, Worker, type IQueueBackend } from 'bullmq';
import { z } from 'zod';
import type { Backend } from './backend.js';
import type { RunConsumer, RunJob } from './contract.js';
import { within } from './within.js';

const CLOSE_MS = 2_000;
const JobData = z.object({ runId: z.string(), fence: z.int(), traceparent: z.string().optional() });

interface ConsumerOptions<B extends IQueueBackend, C> {
  backend: Backend<B, C>;
  name: string;
  concurrency: number;
  lockSeconds: number;
  handler: (job: RunJob) => Promise<'later' | undefined | void>;
  report: (error: Error) => void;
}

export async function openConsumer<B extends IQueueBackend, C>(options: ConsumerOptions<B, C>): Promise<RunConsumer> {
  const { backend, handler, report } = options;
  const inHand = new Set<Promise<unknown>>();
  let paused = false;

  const worker = new Worker<RunJob, void, 'run', B, number, C>(
    options.name,
    async (job, token) => {
      const putBack = async (): Promise<never> => {
        await job.moveToWait(token);
        throw new WaitingError();
      };
      // A fetch that was already waiting when pause() came still brings one job.
      if (paused) await putBack();
      const work = handler(JobData.parse(job.data));
      inHand.add(work);
      const answer = await work.finally(() => inHand.delete(work));
      if (answer === 'later') await putBack();
    },
    {
      connection: backend.consumer,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: options.lockSeconds * 1_000,
      stalledInterval: options.lockSeconds * 500,
      // A dead consumer's job is dropped, not run again: Postgres knows by its lease what became of the run.
      maxStalledCount: 0,
      runRetryDelay: 1_000,
    },
    backend.factory,
  );
  worker.on('error', report);
  worker.on('failed', (_job, error) => report(error));

  const forced = new AbortController();
  const whenForced = new Promise((resolve) => forced.signal.addEventListener('abort', resolve));

  const close = async () => {
    paused = true;
    await worker.pause(true);
    while (inHand.size > 0 && !forced.signal.aborted) await Promise.race([Promise.allSettled(inHand), whenForced]);
    if (!(await within(CLOSE_MS, worker.close(forced.signal.aborted))))
      await within(CLOSE_MS, backend.sever(worker.getBackend()));
  };

  try {
    await worker.waitUntilReady();
  } catch (error) {
    await close();
    throw error;
  }
  worker.run().catch(report);

  let closing: Promise<void> | undefined;
  return {
    async pause() {
      paused = true;
      await worker.pause(true);
    },
    async resume() {
      paused = false;
      await worker.resume();
    },
    close(force = false) {
      if (force) forced.abort();
      return (closing ??= close());
    },
  };
}
