import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectDataset } from '@trawl/datasets/inspect';
import { catalog } from '@trawl/models/catalog';
import { DatasetSchema, FromTrainer, type StartMessage } from '@trawl/spec';
import type { TestContext } from 'vitest';
import { afterAll, describe, expect, test } from 'vitest';
import { startTrainer } from '../../apps/worker/dist/supervisor/trainerProcess.js';
import { openTrainers } from '../../apps/worker/dist/supervisor/trainers.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-warm-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dataset = DatasetSchema.parse({ kind: 'behaviour', trials: 12, frames: 12, masked: 0.3 });
const inspected = await inspectDataset(dataset, { roots: [] });
const datasetHash = 'facts' in inspected ? inspected.facts.hash : '';
const modelVersion = catalog.get('ps-vae')?.version ?? '';

/** Small and of its own shape, so that the runs before another leave a process that has done something else. */
const runOf = (seed: number, params: Record<string, unknown> = {}): StartMessage => ({
  type: 'start',
  runId: `run-${seed}`,
  fence: 1,
  model: 'ps-vae',
  modelVersion,
  params: { n_ae_latents: 5, architecture: 'small', frame_std: 0.1, max_n_epochs: 2, anneal_epochs: 1, ...params },
  seed,
  dataset,
  datasetHash,
  datasetFiles: {},
  dataRoots: [],
  workDir: mkdtempSync(join(folder, 'run-')),
  checkpoint: null,
  weights: null,
  files: {},
  checkpointSeconds: 60,
  traceparent: null,
});

interface Said {
  pid: number | undefined;
  warm: boolean;
  /** Metrics, files by their hash, summary: all that a run comes to. */
  result: unknown[];
  failure: string | null;
}

type Job = StartMessage & { pause?: true };

/** Trains runs one after the other in one slot; one to be paused stops at its next step, and goes on as the next. */
async function trainRuns(backend: 'wasm' | 'tfjs-node-gpu', jobs: readonly Job[]): Promise<Said[]> {
  const settings = {
    supervisorPid: process.pid,
    backend,
    threads: 2,
    device: null,
    runs: 100,
    trainerLog: null,
    trainerModule: null,
    cacheHome: null,
  };
  const trainers = openTrainers(() => startTrainer(settings, process.env));
  const all: Said[] = [];
  let checkpoint: string | null = null;
  for (const { pause = false, ...start } of jobs) {
    const said: Said = { pid: undefined, warm: false, result: [], failure: null };
    const training = await trainers.train(
      0,
      { ...start, checkpoint },
      {
        onOutput: () => {},
        onMessage(raw) {
          const message = FromTrainer.parse(raw);
          if (message.type === 'progress' && pause) training.stop({ type: 'stop', reason: 'paused' });
          if (message.type === 'checkpoint' && pause) checkpoint = message.path;
          if (message.type === 'metrics') said.result.push(...message.points);
          if (message.type === 'artifact') said.result.push([message.name, message.sha256]);
          if (message.type === 'succeeded') said.result.push(message.summary);
          if (message.type === 'failed') said.failure = message.message;
        },
      },
    );
    if (!pause) checkpoint = null;
    await training.ended;
    all.push({ ...said, pid: training.pid, warm: training.warm });
    training.release(said.failure === null);
  }
  trainers.close();
  return all;
}

describe.each(['wasm', 'tfjs-node-gpu'] as const)('a trainer process on %s that has trained others', (backend) => {
  test('trains a run to the same bits as a new one', async (context: TestContext) => {
    const [alone] = await trainRuns(backend, [runOf(7)]);
    if (alone?.failure?.includes('no native build')) context.skip(alone.failure);
    expect(alone?.failure).toBeNull();
    const inARow = await trainRuns(backend, [
      runOf(1, { n_ae_latents: 8, approx_batch_size: 5 }),
      runOf(7),
      runOf(2, { beta: 5, learning_rate: 1e-2 }),
      runOf(7),
      { ...runOf(7), pause: true },
      runOf(7),
    ]);
    // One process: so none left a tensor, or grew.
    expect(new Set(inARow.map(({ pid }) => pid)).size).toBe(1);
    expect(inARow.map(({ warm }) => warm)).toEqual([false, true, true, true, true, true]);
    expect(alone?.result.length).toBeGreaterThan(20);
    expect(inARow[1]?.result).toEqual(alone?.result);
    expect(inARow[3]?.result).toEqual(alone?.result);
    expect(inARow[0]?.result).not.toEqual(alone?.result);
    const [before = [], after = []] = inARow.slice(4).map(({ result }) => result);
    expect(before.length).toBeLessThan(alone?.result.length ?? 0);
    expect([...before, ...after]).toEqual(alone?.result);
  });
});
