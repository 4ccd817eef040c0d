import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, createClient, type Client } from '@trawl/client';
import { createFileClient, type FileClient } from '@trawl/client/files';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api.js';
import { smallSpec, stagedSpec } from '../support/specs.js';
import { addWorker } from '../support/sweeps.js';

/* The client parses every answer, so each call that resolves is an answer in the form that it knows. */

let api: TestApi;
let client: Client;
let files: FileClient;
let dir: string;

beforeAll(async () => {
  api = await startApi();
  const baseUrl = await api.app.listen({ host: '127.0.0.1', port: 0 });
  client = createClient({ baseUrl });
  files = createFileClient({ baseUrl });
  dir = await mkdtemp(join(tmpdir(), 'trawl-client-'));
});
afterAll(async () => {
  await api.close();
  await rm(dir, { recursive: true, force: true });
});

const submit = () => client.sweeps.submit(JSON.stringify(smallSpec()), 'application/json');
const refusal = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

async function firstRun(sweepId: string) {
  for await (const run of client.sweeps.runs(sweepId)) return run;
  throw new Error('the sweep has no runs');
}

describe('the client against the api', () => {
  it('checks, submits once under a key, reads, controls and deletes sweeps', async () => {
    const plan = await client.sweeps.dryRun(JSON.stringify(stagedSpec()), 'application/json');
    expect(plan.stages.map(({ name }) => name)).toEqual(['alpha', 'beta', 'refit']);

    const text = JSON.stringify(smallSpec());
    const { id } = await client.sweeps.submit(text, 'application/json', 'only-once');
    expect((await client.sweeps.submit(text, 'application/json', 'only-once')).id).toBe(id);
    const ids = [];
    for await (const sweep of client.sweeps.list({ limit: 1 })) ids.push(sweep.id);
    expect(ids).toEqual([id]);

    expect((await client.sweeps.pause(id)).state).toBe('paused');
    expect((await client.sweeps.resume(id)).state).toBe('running');
    expect(await refusal(client.sweeps.approve(id, 'nowhere', { who: 'ada' }))).toMatchObject({ status: 404 });
    expect(await refusal(client.sweeps.delete(id))).toMatchObject({ status: 409 });
    expect((await client.sweeps.cancel(id)).state).toBe('cancelled');
    await client.sweeps.delete(id);
    expect(await refusal(client.sweeps.get(id))).toMatchObject({ status: 404 });
  });

  it('names every fault of a spec', async () => {
    const error = await refusal(
      client.sweeps.submit(JSON.stringify({ ...smallSpec(), colour: 1, seeds: 'one' }), 'application/json'),
    );
    expect(error).toBeInstanceOf(ApiError);
    expect(String(error)).toMatch(/colour[^]*seeds|seeds[^]*colour/);
  });

  it('reads runs, a page at a time, and their parts', async () => {
    const { id } = await submit();
    const runs = [];
    for await (const run of client.sweeps.runs(id, { state: 'queued', limit: 3 })) runs.push(run);
    expect(new Set(runs.map((run) => run.id)).size).toBe(8);
    const run = await client.runs.get(runs[0]!.id);
    expect(run.params).toMatchObject(run.point);
    expect((await client.runs.metrics(run.id, { names: ['val.loss'], points: 10 })).curves).toEqual([]);
    expect(await client.runs.artifacts(run.id)).toEqual([]);
    expect(await client.runs.attempts(run.id)).toEqual([]);
    expect((await client.runs.logs(run.id, { tail: 5 })).lines).toEqual([]);
    expect((await client.runs.cancel(run.id)).state).toBe('cancelled');
    expect((await client.runs.retry(run.id)).state).toBe('queued');
    expect((await client.sweeps.ranking(id, { by: 'beta' })).cells).toHaveLength(2);
  });

  it('reads models and workers', async () => {
    const [model] = await client.models.list();
    expect((await client.models.get(model!.name)).metrics.length).toBeGreaterThan(0);
    const worker = await addWorker(api.store);
    expect((await client.workers.list()).map(({ id }) => id)).toContain(worker);
  });

  it('sends files and fetches them', async () => {
    const content = Buffer.alloc(2_000_000, 'weights ');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const path = join(dir, 'up.bin');
    await writeFile(path, content);
    const about = { path, name: 'w.bin', kind: 'other', mediaType: 'application/octet-stream' } as const;

    const loose = await files.upload(about);
    expect(loose).toMatchObject({ runId: null, sha256, size: content.length });
    await writeFile(join(dir, `down.bin.${loose.id}.part`), content.subarray(0, 1_000_000));
    await files.download(loose, join(dir, 'down.bin'));
    expect((await readFile(join(dir, 'down.bin'))).equals(content)).toBe(true);
    expect((await (await fetch(client.artifacts.url(loose.id))).arrayBuffer()).byteLength).toBe(content.length);
    expect(await refusal(files.upload({ ...about, sha256: '0'.repeat(64) }))).toMatchObject({ status: 400 });

    const { id, fence } = await firstRun((await submit()).id);
    const claimed = await api.store.runs.claim(id, fence, await addWorker(api.store));
    const upload = { ...about, runId: id, kind: 'checkpoint', epoch: 1, step: 9 } as const;
    const stored = await files.uploadOfRun({ ...upload, fence: claimed!.fence });
    expect(await client.runs.artifacts(id)).toEqual([stored]);
    expect(await refusal(files.uploadOfRun({ ...upload, fence }))).toMatchObject({ status: 409 });
  });
});
