import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalArtifacts, type NewArtifact, openStore, type Store } from '@trawl/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, runsOf } from '../support/sweeps.js';

let database: TestDatabase;
let store: Store;
let worker: string;
let folder: string;
let files: LocalArtifacts;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore(database);
  worker = await addWorker(store);
  folder = await mkdtemp(path.join(tmpdir(), 'trawl-artifacts-'));
  files = new LocalArtifacts(folder);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await store.close();
  await database.drop();
});

const put = (text: string) => files.put(chunks(text));
async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function upload(run: string, fence: number, text: string, given: Partial<NewArtifact> = {}) {
  const { sha256, size } = await put(text);
  const artifact: NewArtifact = { name: 'figure', kind: 'figure', mediaType: 'image/png', sha256, size, ...given };
  return { sha256, recorded: await store.artifacts.record(run, fence, artifact) };
}

async function runningRun(): Promise<string> {
  const [run] = await runsOf(store, await addSweep(store, { cells: betas(1) }));
  await store.runs.claim(run!, 0, worker);
  return run!;
}

test('of checkpoints the newest two stay; the file of the third can go', async () => {
  const run = await runningRun();
  const shas: string[] = [];
  for (const step of [10, 20, 30]) {
    const { sha256, recorded } = await upload(run, 1, `c${step}`, {
      name: `checkpoint-${step}`,
      kind: 'checkpoint',
      epoch: step,
      step,
    });
    shas.push(sha256);
    expect(recorded?.dropped).toEqual(step === 30 ? [shas[0]] : []);
  }
  expect((await store.artifacts.of(run)).map((each) => each.step)).toEqual([20, 30]);
  expect(await store.artifacts.checkpointOf(run)).toMatchObject({ step: 30, size: 3 });
  expect(await store.artifacts.discard(files, [shas[0]!, shas[1]!])).toBe(1);
  expect(await files.size(shas[0]!)).toBeNull();
  expect(await files.size(shas[1]!)).toBe(3);
});

test('a damaged checkpoint is dropped, and the run goes back to the one before, under its fence only', async () => {
  const run = await runningRun();
  const ids: string[] = [];
  for (const step of [1, 2]) {
    await store.metrics.ingest(run, 1, [{ epoch: 1, step, split: 'train', name: 'loss', value: step }]);
    const given = { name: `checkpoint-${step}`, kind: 'checkpoint' as const, epoch: step, step };
    ids.push((await upload(run, 1, `d${step}`, given)).recorded!.id);
  }
  const steps = async () => (await store.metrics.curves(run)).flatMap((curve) => curve.steps);
  expect(await store.runs.dropCheckpoint(run, 2, ids[1]!)).toBeNull();
  expect(await steps()).toEqual([1, 2]);
  expect(await store.runs.dropCheckpoint(run, 1, ids[1]!)).toMatchObject({ checkpoint: { id: ids[0], step: 1 } });
  expect(await steps()).toEqual([1]);
  // An answer that was lost is asked for again.
  expect(await store.runs.dropCheckpoint(run, 1, ids[1]!)).toMatchObject({ checkpoint: { id: ids[0] } });
  expect(await store.runs.dropCheckpoint(run, 1, ids[0]!)).toEqual({ checkpoint: null });
  expect(await steps()).toEqual([]);
  expect(await store.artifacts.of(run)).toEqual([]);
});

test('sent twice is one artifact; a later attempt replaces what has the same name, but not logs', async () => {
  const run = await runningRun();
  const { recorded: first } = await upload(run, 1, 'one');
  const { recorded: again } = await upload(run, 1, 'one');
  expect(again).toEqual({ id: first?.id, dropped: [] });
  await upload(run, 1, 'log 1', { name: 'log', kind: 'log' });
  await store.runs.release(run, 1, 'drained');
  await store.runs.claim(run, 2, worker);
  const { recorded: second } = await upload(run, 3, 'two');
  expect(second?.dropped).toHaveLength(1);
  await upload(run, 3, 'log 2', { name: 'log', kind: 'log' });
  expect((await store.artifacts.of(run)).map((each) => each.name)).toEqual(['figure', 'log', 'log']);
  expect(await store.artifacts.get(second!.id)).toMatchObject({ runId: run, name: 'figure', size: 3 });
});

test('content that another artifact has is not dropped', async () => {
  const [mine, theirs] = [await runningRun(), await runningRun()];
  await upload(theirs, 1, 'shared');
  await upload(mine, 1, 'shared');
  const { recorded } = await upload(mine, 1, 'other');
  expect(recorded?.dropped).toEqual([]);
});

test('a file is never deleted under an artifact that is being recorded', async () => {
  for (let round = 0; round < 20; round++) {
    const run = await runningRun();
    const { sha256, size } = await put(`raced ${round}`);
    const artifact = { name: 'raced', kind: 'figure', mediaType: 'image/png', sha256, size } as const;
    const [recorded, deleted] = await Promise.all([
      store.artifacts.record(run, 1, artifact),
      store.artifacts.discard(files, [sha256]),
    ]);
    expect(recorded).not.toBeNull();
    // Whoever records afterwards looks whether the file is still there, and has it sent again.
    expect(await files.size(sha256)).toBe(deleted === 1 ? null : size);
    // Another look changes nothing: by now the artifact is there.
    expect(await store.artifacts.discard(files, [sha256])).toBe(0);
  }
});
