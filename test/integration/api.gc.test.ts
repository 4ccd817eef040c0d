import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { addWorker } from '../support/sweeps.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ graceSeconds: 0 });
});
afterAll(() => api.close());

async function put(run: string, fence: number, name: string, kind: string): Promise<string> {
  const payload = `${name} of ${run}`;
  const sha256 = createHash('sha256').update(payload).digest('hex');
  const answer = await api.inject({
    method: 'PUT',
    url: `/v1/runs/${run}/artifacts/${name}?fence=${fence}&kind=${kind}`,
    headers: { 'content-type': 'application/octet-stream', 'x-sha256': sha256 },
    payload,
  });
  expect(answer.statusCode).toBe(201);
  return sha256;
}

const gc = async (query = '') => (await api.inject({ method: 'POST', url: `/v1/gc${query}` })).json();

it('frees the checkpoints of runs that succeeded, says so before, and a deleted sweep leaves no file', async () => {
  const id = await api.submit(smallSpec());
  const [run] = (await api.store.runs.page(id, { limit: 1 })).items;
  const worker = await addWorker(api.store);
  const claimed = await api.store.runs.claim(run!.id, run!.fence, worker);
  const checkpoint = await put(run!.id, claimed!.fence, 'checkpoint-1', 'checkpoint');
  const weights = await put(run!.id, claimed!.fence, 'weights', 'weights');
  await api.store.runs.succeed(run!.id, claimed!.fence, {});

  const { disk } = (await api.inject({ url: `/v1/sweeps/${id}` })).json();
  expect(disk.files).toBe(2);
  const preview = await gc('?dryRun=true');
  expect(preview).toMatchObject({
    dryRun: true,
    groups: [{ kind: 'checkpoint', sweepId: id, sweepName: 'small', files: 1 }],
  });
  expect(await gc()).toEqual({ ...preview, dryRun: false });
  expect(await api.files.size(checkpoint)).toBeNull();
  expect(await api.files.size(weights)).not.toBeNull();

  await api.inject({ method: 'POST', url: `/v1/sweeps/${id}/cancel` });
  expect((await api.inject({ method: 'DELETE', url: `/v1/sweeps/${id}` })).statusCode).toBe(204);
  for await (const file of api.files.list()) throw new Error(`left: ${file.sha256}`);
  expect(problemOf(await api.inject({ method: 'POST', url: '/v1/gc?dryRun=maybe' })).errors).toMatchObject([
    { path: 'dryRun', given: 'maybe' },
  ]);
});
