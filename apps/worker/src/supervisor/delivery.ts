import { rm } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { assertNever, type FromTrainer } from '@trawl/spec';
import type { ClaimedRun, Store } from '@trawl/store';
import { artifactKind } from './artifactKind.js';
import { type FencedWriter, RunLost } from './fenced.js';
import { inOrder } from './inOrder.js';
import type { Lease } from './lease.js';
import { metricBatch } from './metricBatch.js';
import { progressWriter } from './progress.js';
import { type Transfers, TransferRefused } from './transfer.js';

type Delivered = Extract<FromTrainer, { type: 'ready' | 'progress' | 'metrics' | 'checkpoint' | 'artifact' }>;
type FileMessage = Extract<Delivered, { type: 'checkpoint' | 'artifact' }>;

/** Brings what a trainer sends to the database and the api: metrics and files strictly in the order in which they were sent. */
export interface Delivery {
  accept(message: Delivered): void;
  /** Messages not yet stored. */
  readonly backlog: number;
  /** Resolves when all that was accepted is stored, or given up. */
  settled(): Promise<void>;
  /** Gives up what is not stored. */
  abandon(): void;
}

export function openDelivery(options: {
  run: ClaimedRun;
  dir: string;
  store: Pick<Store, 'runs' | 'metrics'>;
  transfers: Transfers;
  lease: Lease;
  write: FencedWriter['write'];
  /** Aborted when uploads should be given up. */
  signal: AbortSignal;
  /** Something could not be stored for another reason than a lost run. Called once. */
  onError(error: unknown): void;
}): Delivery {
  const { dir, store, transfers, lease, write, signal } = options;
  const { runId, fence } = options.run;
  let newest: FileMessage | null = null;

  const onError = (error: unknown): void => {
    if (!(error instanceof RunLost) && !signal.aborted) options.onError(error);
  };
  const inbox = inOrder(onError);
  // Nothing depends on what it says of itself: written beside the rest, it shares the store's statements with it.
  const about = inOrder(onError);
  const metrics = metricBatch(
    async (points) => void (await write('metrics', () => store.metrics.ingest(runId, fence, points))),
    () => inbox.push(metrics.flush),
  );
  const progress = progressWriter((at) => write('progress', () => store.runs.progress(runId, fence, at)));

  const deliverFile = async (message: FileMessage): Promise<void> => {
    const { path, sha256, size } = message;
    if (!resolve(path).startsWith(resolve(dir) + sep)) {
      throw new TransferRefused(`${path} lies outside the attempt's folder`);
    }
    // A checkpoint becomes visible only after the metrics before it: resuming from it must leave no gap.
    await metrics.flush();
    // A checkpoint that a newer one has overtaken in the queue helps nobody.
    if (message.type === 'artifact' || message === newest) {
      if (!lease.alive()) throw new RunLost('before an upload');
      const file = { runId, fence, content: { path }, sha256, size, ...describe(message) };
      if ((await transfers.upload(file, signal)) === 'stale') {
        lease.lose('the api refused a file: another attempt holds the run, or it is cancelled');
        throw new RunLost('at an upload');
      }
    }
    await rm(path, { force: true });
  };

  return {
    accept(message) {
      switch (message.type) {
        case 'ready':
          about.push(
            async () => void (await write('attempt', () => store.runs.attemptInfo(runId, fence, message.info))),
          );
          break;
        case 'progress':
          progress.set(message);
          break;
        case 'metrics':
          inbox.push(() => metrics.add(message.points));
          break;
        case 'checkpoint':
          newest = message;
          inbox.push(() => deliverFile(message));
          break;
        case 'artifact':
          inbox.push(() => deliverFile(message));
          break;
        default:
          assertNever(message);
      }
    },
    get backlog() {
      return inbox.size;
    },
    async settled() {
      inbox.push(metrics.flush);
      await Promise.all([inbox.settled(), about.settled(), progress.settled()]);
    },
    abandon() {
      metrics.close();
      progress.close();
      inbox.abandon();
      about.abandon();
    },
  };
}

function describe(message: FileMessage) {
  if (message.type === 'artifact') {
    const { name, mediaType } = message;
    return { name, kind: artifactKind(name, mediaType), mediaType };
  }
  const { epoch, step } = message;
  return {
    name: `checkpoint-${step}.safetensors`,
    kind: 'checkpoint' as const,
    mediaType: 'application/octet-stream',
    epoch,
    step,
  };
}
