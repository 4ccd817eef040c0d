import { createHash } from 'node:crypto';
import { npz } from '@trawl/models/npz';
import type { RunView, Udr } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { claim, registerWorker, runsOf } from '../support/training.js';

let api: TestApi;
let sweepId: string;

/** Two labels, then two unsupervised latents: the same two processes in the order and with the scale of the seed. */
function latents(seed: number): Buffer {
  const data = Float32Array.from({ length: 40 * 4 }, (_, i) => {
    const [frame, latent] = [Math.floor(i / 4), i % 4];
    const slow = Math.floor(frame / 4) - 4.5;
    const fast = [3, 1, -1, -3][frame % 4]!;
    return latent < 2 ? 0 : (latent - seed) % 2 === 0 ? slow * seed : -fast;
  });
  return Buffer.from(npz({ trial_0000: { shape: [40, 4], data } }));
}

async function finish(run: RunView, worker: string, bytes: Buffer | null): Promise<void> {
  const { fence } = await claim(api.store, worker, run);
  if (bytes !== null) {
    const answer = await api.inject({
      method: 'PUT',
      url: `/v1/runs/${run.id}/artifacts/latents.npz?fence=${fence}&kind=latents`,
      payload: bytes,
      headers: { 'content-type': 'application/zip', 'x-sha256': createHash('sha256').update(bytes).digest('hex') },
    });
    expect(answer.statusCode).toBe(201);
  }
  await api.store.runs.succeed(run.id, fence, { 'train.unsupervised_units': 2 });
}

beforeAll(async () => {
  api = await startApi();
  const worker = await registerWorker(api.store);
  sweepId = await api.submit({ ...smallSpec(), grid: { beta: [1, 5, 10] } });
  for (const run of await runsOf(api.store, sweepId)) {
    const beta = Number(run.point['beta']);
    if (beta === 1) await finish(run, worker, latents(run.seed));
    if (beta === 5) await finish(run, worker, run.seed === 1 ? latents(1) : null);
  }
});
afterAll(() => api.close());

describe('GET /v1/sweeps/{id}/udr', () => {
  it('compares the latents of the seeds of each cell, and says what cannot be compared', async () => {
    const answer: Udr = (await api.inject({ url: `/v1/sweeps/${sweepId}/udr` })).json();
    const of = (beta: number) => answer.cells.find(({ point }) => point['beta'] === beta)!;
    expect(answer.cells).toHaveLength(3);
    // The same latents in another order, other signs and scales.
    expect(of(1).seeds.map(({ udr }) => Number(udr?.toFixed(9)))).toEqual([1, 1]);
    expect(of(1).score).toMatchObject({ n: 2, interval: null });
    expect(of(5).seeds).toMatchObject([
      { seed: 1, udr: null, why: 'no other seed of the cell to compare with' },
      { seed: 2, udr: null, why: 'it left no latents.npz' },
    ]);
    expect(of(10).seeds.map(({ why }) => why)).toEqual(['queued', 'queued']);
    expect(of(10).score).toMatchObject({ n: 0, mean: null });
  });

  it('names the stages that there are', async () => {
    const problem = problemOf(await api.inject({ url: `/v1/sweeps/${sweepId}/udr?stage=gamma` }));
    expect(problem).toMatchObject({ status: 404 });
    expect(problem.detail).toMatch('stages are');
  });
});
