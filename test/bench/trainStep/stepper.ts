// Trains a workload with the model's own trainer, in a process of its own, as many steps at a time as it is told. See protocol.ts.
import { createInterface } from 'node:readline';
import { openDataset } from '@trawl/datasets/open';
import { bareContext } from '@trawl/models/bareContext.testing';
import { trainerFor } from '@trawl/models/trainers';
import { openBackend } from '@trawl/nn';
import { DatasetSchema } from '@trawl/spec';
import { z } from 'zod';
import { kernelClock } from './kernelClock.js';
import type { Order, Ready, Stepped } from './protocol.js';

const Job = z.object({
  model: z.string(),
  dataset: DatasetSchema,
  params: z.record(z.string(), z.json()),
  backend: z.enum(['tfjs-node-gpu', 'wasm', 'cpu']),
  threads: z.int(),
});

const job = Job.parse(JSON.parse(process.argv[2] ?? ''));
const trainer = await trainerFor(job.model);
const dataset = await openDataset(job.dataset, { roots: [] });
const backend = await openBackend(job.backend, { threads: job.threads });
const { tf, info } = backend;

const say = (line: Ready | Stepped): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let order: Order = { steps: 0, profile: false };
let taken: number[] = [];
let resumedAt = 0;
const clock = kernelClock(tf);

/** Until all that was asked for is computed: JavaScript may be ahead of the kernels. */
const settle = (): void => tf.tidy(() => void tf.add(1, 1).dataSync());

async function nextOrder(): Promise<void> {
  const { value, done } = await orders.next();
  if (done) process.exit(0);
  order = JSON.parse(value);
  taken = [];
  if (order.profile) clock.start();
}

async function afterStep(step: number): Promise<void> {
  settle();
  const ms = performance.now() - resumedAt;
  if (step === 1) {
    const weights = Object.values(tf.engine().registeredVariables).filter(({ trainable }) => trainable);
    const parameters = weights.reduce((sum, { size }) => sum + size, 0);
    say({ ...info, version: info.versions['tensorflow'] ?? info.versions['tfjs-core'] ?? '', parameters });
    await nextOrder();
  } else {
    taken.push(ms);
    if (taken.length >= order.steps) {
      say({
        ms: taken,
        peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
        kernels: order.profile ? clock.stop() : null,
      });
      await nextOrder();
    }
  }
  resumedAt = performance.now();
}

await trainer.train(bareContext({ params: job.params, dataset, backend }, afterStep));
