import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@trawl/client';
import { createFileClient } from '@trawl/client/files';
import { openStore } from '@trawl/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { videoFile, writeHdf5 } from '../support/hdf5.js';
import { canHide, without } from '../support/hosts.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/processes.js';
import { type Role, role } from '../support/role.js';

/*
 * Two hosts: api, scheduler and a worker on A, a worker on B. They have Postgres and HTTP in common, and no disk: where
 * namespaces are allowed, each host's folders are empty for the other. All of 127.0.0.0/8 is this machine on Linux only.
 */

let database: TestDatabase;
let folder: string;
let files: ReturnType<typeof createFileClient>;
let client: Client;
let head: Role[] = [];
let workerA: Role;
let workerB: Role;

beforeAll(async () => {
  database = await freshDatabase();
  folder = mkdtempSync(join(tmpdir(), 'trawl-hosts-'));
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  for (const host of [a, b]) mkdirSync(host);
  const hides = canHide(a);
  const port = String(await freePort());
  const store = await openStore({ databaseUrl: database.databaseUrl, poolSize: 1 });
  const { token } = await store.keys.create({ name: 'all', scope: 'submit', project: null, expiresAt: null });
  await store.close();

  const env = { DATABASE_URL: database.databaseUrl, TRAWL_LEASE_SECONDS: '6' };
  const on = (host: string) => ({ ...env, TRAWL_DATA_DIR: host, TRAWL_DATA_ROOTS: join(host, 'data') });
  const alone = (other: string): string[] => (hides ? without([other]) : []);
  const worker = (host: string, other: string, address: string): Role => {
    const api = { TRAWL_API_URL: `http://${address}:${port}`, TRAWL_API_KEY: token };
    const slot = { TRAWL_SLOTS: '1', TRAWL_THREADS: '1', TRAWL_BACKEND: 'wasm', TRAWL_CHECKPOINT_SECONDS: '0.5' };
    return role('worker', { ...on(host), ...api, ...slot }, alone(other));
  };
  head = [
    role('api', { ...on(a), TRAWL_HOST: '0.0.0.0', TRAWL_PORT: port }, alone(b)),
    role('scheduler', env, alone(b)),
  ];
  workerA = worker(a, b, '127.0.0.1');
  workerB = worker(b, a, '127.0.0.2');
  await Promise.all(head.map((each) => each.start()));
  const place = { baseUrl: `http://127.0.0.2:${port}`, apiKey: token };
  [client, files] = [createClient(place), createFileClient(place)];
});

afterAll(async () => {
  await Promise.all([workerA, workerB, ...head].map((each) => each?.stop('SIGTERM')));
  await database?.drop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** What a role's log says of a sweep's states. */
function changes(of: Role | undefined, sweepId: string): Record<string, unknown>[] {
  const lines = (of?.output() ?? '').split('\n').filter((line) => line.endsWith('"msg":"state changed"}'));
  return lines.map((line): Record<string, unknown> => JSON.parse(line)).filter((line) => line['sweepId'] === sweepId);
}

it.runIf(process.platform === 'linux')(
  'a run whose host dies goes on at another from what was uploaded',
  { timeout: 240_000 },
  async () => {
    const video = join(folder, 'video.h5');
    await writeHdf5(video, videoFile({ frames: Array<number>(10).fill(4), height: 16, width: 16 }));
    const { sha256 } = await files.uploadDataset({ path: video });
    const epochs = 30;
    const params = {
      n_ae_latents: 4,
      trial_splits: '8;1;1;0',
      max_n_epochs: epochs,
      anneal_epochs: 0,
      architecture: 'small',
    };
    const spec = {
      name: 'hosts',
      model: 'ps-vae',
      dataset: { kind: 'hdf5', path: `sha256:${sha256}` },
      params,
      seeds: [1, 2],
    };
    const { id } = await client.sweeps.submit(
      JSON.stringify({ ...spec, grid: { alpha: [50] }, select: { rule: 'min', metric: 'val.label_mse' } }),
      'application/json',
    );
    await workerA.start();
    const checkpoint = await until(
      'the second run to be under way on A',
      async () => {
        for await (const run of client.sweeps.runs(id, { state: 'running' })) {
          if (run.seed === 2) return (await client.runs.artifacts(run.id)).find(({ kind }) => kind === 'checkpoint');
        }
        return null;
      },
      90_000,
    );
    await workerA.stop('SIGKILL');
    await workerB.start();
    await until('the end', async () => (await client.sweeps.get(id)).state === 'succeeded', 90_000);

    for await (const run of client.sweeps.runs(id)) {
      const [attempts, { curves }, artifacts] = await Promise.all([
        client.runs.attempts(run.id),
        client.runs.metrics(run.id, { names: ['val.loss'] }),
        client.runs.artifacts(run.id),
      ]);
      expect(attempts.map(({ end }) => end)).toEqual(run.seed === 1 ? ['succeeded'] : ['lost', 'succeeded']);
      expect(curves[0]?.epochs).toEqual(Array.from({ length: epochs + 1 }, (_, epoch) => epoch));
      expect(artifacts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['weights', 'latents', 'checkpoint']));
      for (const artifact of artifacts) {
        const path = join(folder, artifact.id);
        await files.download(artifact, path);
        expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(artifact.sha256);
      }
    }
    const began = workerB
      .output()
      .split('\n')
      .find((line) => line.includes('"msg":"training"'));
    const { runId, from } = JSON.parse(began ?? '{}');
    expect(runId).toBe(checkpoint.runId);
    expect(from).toBeGreaterThanOrEqual(checkpoint.step ?? Number.NaN);

    // Whoever follows the sweep in the logs of all roles reads each state once, with the ids that find it again.
    const [api, scheduler] = head;
    const stageId = changes(api, id)[1]?.['stageId'];
    const at = { sweepId: id, stageId };
    const lost = { ...at, what: 'run', runId, attempt: 1 };
    expect(changes(api, id)).toMatchObject([
      { what: 'sweep', from: null, to: 'running' },
      { ...at, what: 'runs', from: null, to: 'queued', runs: 2, last: runId },
      { ...at, what: 'stage', from: null, to: 'running' },
    ]);
    expect(changes(workerA, id)).toMatchObject([
      { ...at, what: 'run', from: 'queued', to: 'running' },
      { ...at, what: 'run', from: 'running', to: 'succeeded' },
      { ...lost, from: 'queued', to: 'running' },
    ]);
    expect(changes(workerB, id)).toMatchObject([
      { ...lost, attempt: 3, from: 'queued', to: 'running' },
      { ...lost, attempt: 3, from: 'running', to: 'succeeded' },
    ]);
    expect(changes(scheduler, id)).toMatchObject([
      { ...lost, from: 'running', to: 'queued', failureClass: 'lost' },
      { ...at, what: 'stage', from: 'running', to: 'done' },
      { what: 'sweep', from: 'running', to: 'succeeded' },
    ]);
    // Each host fetched the data for itself.
    for (const host of ['a', 'b']) expect(readdirSync(join(folder, host, 'cache/datasets'))).toEqual([sha256]);
  },
);
