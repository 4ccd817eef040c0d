import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactView } from '@trawl/spec';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../support/processes.js';
import { videoFile, writeHdf5 } from '../support/hdf5.js';
import { safetensors } from '../support/safetensors.js';
import { type Stack, startStack } from '../support/stack.js';
import { finished } from '../support/stubRuns.js';

let stack: Stack;
let file: string;
let hash: string;
beforeEach(async () => {
  stack = await startStack();
  await mkdir(join(stack.folder, 'elsewhere'));
  file = join(stack.folder, 'elsewhere/video.h5');
  await writeHdf5(file, videoFile({ frames: [5, 6, 7] }));
  hash = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
});
afterEach(() => stack.close());

async function upload(): Promise<void> {
  const answer = await fetch(`${stack.apiUrl}/v1/datasets`, { method: 'POST', body: await readFile(file) });
  expect(answer.status).toBe(201);
}
/** A worker of another machine: nothing of the data is on its disk. */
async function startRemoteWorker(env: Record<string, string> = {}): Promise<string> {
  const dataDir = join(stack.folder, 'remote');
  await stack.startWorker({ TRAWL_DATA_DIR: dataDir, TRAWL_DATA_ROOTS: join(stack.folder, 'nothing'), ...env });
  return join(dataDir, 'cache/datasets');
}
const submit = (path: string, given: object = {}) =>
  stack.submit({ dataset: { kind: 'hdf5', path }, grid: { x: [1] }, seeds: [1], ...given });

it('trains uploaded data that no data root has, fetched once for all runs', async () => {
  await upload();
  const cache = await startRemoteWorker({ TRAWL_SLOTS: '3' });
  const sweep = await submit(`sha256:${hash}`, { seeds: [1, 2, 3, 4, 5, 6] });
  await until('all to end', async () => (await stack.runs(sweep)).every(finished));
  expect((await stack.runs(sweep)).map(({ state, failureMessage }) => [state, failureMessage])).toEqual(
    Array.from({ length: 6 }, () => ['succeeded', null]),
  );
  expect(readdirSync(cache)).toEqual([hash]);

  // As one of several sessions.
  const monday = hash;
  await writeHdf5(file, videoFile({ frames: [4, 5, 6] }));
  const tuesday = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  await upload();
  const sessions = [monday, tuesday].map((sha256) => ({ kind: 'hdf5', path: `sha256:${sha256}` }));
  const both = await stack.submit({ dataset: { kind: 'sessions', sessions }, grid: { x: [1] }, seeds: [1] });
  expect(await stack.run(both, 'success', finished)).toMatchObject({ state: 'succeeded', failureMessage: null });
  expect(readdirSync(cache).toSorted()).toEqual([monday, tuesday].toSorted());
});

it('trains a file that only the data root of the api has', async () => {
  const cache = await startRemoteWorker();
  const sweep = await submit('elsewhere/video.h5');
  expect(await stack.run(sweep, 'success', finished)).toMatchObject({ state: 'succeeded', failureMessage: null });
  expect(readdirSync(cache)).toEqual([hash]);
});

it('takes nothing of another hash, and says so', async () => {
  await upload();
  const sweep = await submit(`sha256:${hash}`);
  // The api's disk gives other bytes than were put there, of the same size.
  const stored = join(stack.folder, 'artifacts', hash.slice(0, 2), hash);
  const bytes = await readFile(stored);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  await writeFile(stored, bytes);
  const cache = await startRemoteWorker();
  const run = await stack.run(sweep, 'failure', finished);
  expect(run).toMatchObject({ state: 'failed', failureClass: 'invalid_data', failures: 1 });
  expect(run.failureMessage).toMatch(/its sha256 is [0-9a-f]{64}, not/);
  expect(existsSync(join(cache, hash))).toBe(false);
});

it('fails a run whose data fit nowhere, and names the setting', async () => {
  await upload();
  await startRemoteWorker({ TRAWL_DATASET_CACHE_GIGABYTES: '0.000001' });
  const run = await stack.run(await submit(`sha256:${hash}`, { execution: { maxFailures: 1 } }), 'failure', finished);
  expect(run.failureMessage).toMatch(/exceeds TRAWL_DATASET_CACHE_GIGABYTES/);
});

it('fails a run whose file nobody has any more', async () => {
  await copyFile(file, join(stack.folder, 'gone.h5'));
  const sweep = await submit('gone.h5');
  await writeFile(join(stack.folder, 'gone.h5'), 'something else');
  await startRemoteWorker();
  const run = await stack.run(sweep, 'failure', finished);
  expect(run).toMatchObject({ failureClass: 'invalid_data' });
  expect(run.failureMessage).toMatch(/no data root here has it, and the api does not give it/);
});

const onlyStage = (from?: object) => [{ name: 'only', grid: { x: [1] }, ...(from ? { from } : {}) }];

it('starts from weights that were uploaded, and hands over those that parameters name', async () => {
  const weights = safetensors({ walk: [1_000] });
  const answer = await fetch(`${stack.apiUrl}/v1/artifacts?name=w.safetensors`, { method: 'POST', body: weights });
  const { sha256 } = ArtifactView.parse(await answer.json());
  const cache = await startRemoteWorker();
  const tuned = await stack.submit({ stages: onlyStage({ upload: `sha256:${sha256}` }), seeds: [1] });
  const scratch = await stack.submit({ stages: onlyStage(), seeds: [1] });
  const looking = await stack.submit({ grid: { x: [1] }, params: { look: `sha256:${sha256}` }, seeds: [1] });
  const walk = async (sweep: string): Promise<number> => {
    const { id, failureMessage } = await stack.run(sweep, 'success', finished);
    expect(failureMessage).toBeNull();
    return Number((await stack.store.runs.detail(id))?.summary['train.walk']);
  };
  expect(await walk(tuned)).toBeCloseTo(1_000 + (await walk(scratch)), 9);
  expect(await walk(looking)).toBe(await walk(tuned));
  expect(readdirSync(cache)).toEqual([sha256]);
});
