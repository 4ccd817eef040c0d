import { expandStage, refitCells, stageSeeds } from '@trawl/search';
import { catalog } from '@trawl/models/catalog';
import type { Best, Ranking, RunView, Summary } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pino from 'pino';
import { buildApp } from '../../apps/api/dist/app.js';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec, stagedSpec } from '../support/specs.js';
import { finishRuns, registerWorker } from '../support/training.js';

let api: TestApi;
let worker: string;
beforeAll(async () => {
  api = await startApi();
  worker = await registerWorker(api.store);
});
afterAll(() => api.close());

const get = (url: string) => api.inject({ url });
const numberOf = (run: RunView, key: string) => Number(run.point[key]);

/** Latents all active, so that the correlation counts. */
const summary = (correlation: number, labelMse = 0.3): Summary => ({
  'train.latent_correlation': correlation,
  'train.unsupervised_units': 2,
  'train.active_units': 2,
  'val.label_mse': labelMse,
});

/** Lower beta, more correlated: 5 is best here, 1 worst. */
const correlation = (run: RunView) =>
  0.1 * Math.abs(numberOf(run, 'beta') - 5) + 0.01 * run.seed + numberOf(run, 'alpha') / 1e5;

async function select(sweepId: string, name: string, cellId: string, why = 'the rule') {
  const stage = await api.store.stages.byName(sweepId, name);
  await api.store.stages.selecting(stage!.id);
  expect(await api.store.stages.decide(stage!.id, { cellId, why, decidedBy: 'rule' })).toBe(true);
}

describe('GET /v1/sweeps/{id}/ranking', () => {
  let id: string;
  let stage: string;
  beforeAll(async () => {
    id = await api.submit(smallSpec());
    stage = (await api.store.stages.list(id))[0]!.name;
    await finishRuns(api.store, worker, { sweepId: id, stage }, (run) => {
      if (run.point['alpha'] === 500 && run.point['beta'] === 1) return run.seed === 1 ? null : summary(0.9);
      return summary(correlation(run));
    });
  });

  it('orders the cells by the rule of the stage, with their seeds', async () => {
    const ranking: Ranking = (await get(`/v1/sweeps/${id}/ranking`)).json();
    expect(ranking).toMatchObject({
      sweepId: id,
      stage,
      metric: 'train.latent_correlation',
      direction: 'min',
      aggregate: 'mean',
      by: 'cell',
    });
    const page: Ranking = (await get(`/v1/sweeps/${id}/ranking?limit=1&offset=1`)).json();
    expect(page).toEqual({ ...ranking, cells: ranking.cells.slice(1, 2) });
    expect(ranking.cells.map((cell) => [cell.rank, cell.point])).toEqual([
      [1, { alpha: 50, beta: 5 }],
      [2, { alpha: 500, beta: 5 }],
      [3, { alpha: 50, beta: 1 }],
      [null, { alpha: 500, beta: 1 }],
    ]);
    expect(ranking.cells[0]).toMatchObject({
      planned: 2,
      finished: 2,
      failed: 0,
      ineligible: 0,
      score: { n: 2, mean: expect.closeTo(0.0155, 10), intervalMethod: 't' },
      seeds: [
        { seed: 1, value: expect.closeTo(0.0105, 10), state: 'succeeded' },
        { seed: 2, value: expect.closeTo(0.0205, 10), state: 'succeeded' },
      ],
    });
  });

  it('says why a cell has no rank', async () => {
    const ranking: Ranking = (await get(`/v1/sweeps/${id}/ranking`)).json();
    const last = ranking.cells.at(-1)!;
    expect(last.why).toMatch(/./);
    expect(last.seeds.find((seed) => seed.seed === 1)).toMatchObject({
      state: 'failed',
      value: null,
      why: expect.stringMatching(/diverged/),
    });
  });

  it('ranks by another metric and direction', async () => {
    const ranking: Ranking = (
      await get(`/v1/sweeps/${id}/ranking?stage=${stage}&metric=val.label_mse&direction=max`)
    ).json();
    expect(ranking).toMatchObject({ metric: 'val.label_mse', direction: 'max' });
    expect(ranking.cells[0]!.score.mean).toBeCloseTo(0.3, 10);
  });

  it('takes the best cell of each value of a parameter', async () => {
    const ranking: Ranking = (await get(`/v1/sweeps/${id}/ranking?by=beta`)).json();
    expect(ranking.by).toBe('beta');
    expect(ranking.cells.map((cell) => [cell.rank, cell.point])).toEqual([
      [1, { alpha: 50, beta: 5 }],
      [2, { alpha: 50, beta: 1 }],
    ]);
  });

  it('ranks what is there while runs are missing', async () => {
    const fresh = await api.submit(smallSpec());
    const ranking: Ranking = (await get(`/v1/sweeps/${fresh}/ranking`)).json();
    expect(ranking.cells).toHaveLength(4);
    expect(ranking.cells.map((cell) => cell.rank)).toEqual([null, null, null, null]);
    expect(ranking.cells[0]).toMatchObject({ planned: 2, finished: 0, score: { n: 0, mean: null } });
  });

  it.each([
    ['metric=val.los', 'metric', /train\.latent_correlation/],
    ['metric=latent_correlation', 'metric', /train\.latent_correlation/],
    ['metric=', 'metric', /train\.latent_correlation/],
    ['metric=%00', 'metric', /without NUL/],
    ['direction=down', 'direction', /min.*max/],
    ['by=gamma', 'by', /cell, alpha, beta/],
    ['by=', 'by', /cell, alpha, beta/],
    ['metrics=x', 'metrics', /metric/],
  ])('refuses ?%s', async (query, path, allowed) => {
    const problem = problemOf(await get(`/v1/sweeps/${id}/ranking?${query}`));
    expect(problem).toMatchObject({ status: 400, errors: [{ path, allowed: expect.stringMatching(allowed) }] });
    expect(problem.errors?.[0]).toHaveProperty('given');
  });

  it('lists the stages where one is unknown', async () => {
    expect(problemOf(await get(`/v1/sweeps/${id}/ranking?stage=x`))).toMatchObject({
      status: 404,
      detail: `The sweep has no stage x; stages are ${stage}.`,
    });
  });
});

describe('GET /v1/sweeps/{id}/best', () => {
  it('says that nothing is selected yet', async () => {
    const id = await api.submit(stagedSpec());
    expect(problemOf(await get(`/v1/sweeps/${id}/best`))).toMatchObject({
      status: 409,
      detail: expect.stringContaining('alpha is running'),
    });
    expect(problemOf(await get(`/v1/sweeps/${id}/best?stage=refit`))).toMatchObject({
      status: 400,
      errors: [{ path: 'stage', given: 'refit', allowed: 'alpha, beta' }],
    });
    expect(problemOf(await get(`/v1/sweeps/${id}/best?stage=x`)).status).toBe(404);
    expect(problemOf(await get(`/v1/sweeps/${id}/best?metric=x`)).status).toBe(400);
    expect(problemOf(await get(`/v1/sweeps/${id}/best?by=cell`)).status).toBe(400);
  });

  it('shows the selected cell before a refit, and with it gap, runner-up and verdict after one', async () => {
    const id = await api.submit(smallSpec());
    const [search] = await api.store.stages.list(id);
    await finishRuns(api.store, worker, { sweepId: id, stage: search!.name }, (run) => summary(correlation(run)));
    const ranking: Ranking = (await get(`/v1/sweeps/${id}/ranking`)).json();
    await select(id, search!.name, ranking.cells[0]!.cellId, 'lowest mean');

    const before: Best = (await get(`/v1/sweeps/${id}/best`)).json();
    expect(before).toMatchObject({
      stage: search!.name,
      metric: 'train.latent_correlation',
      point: { alpha: 50, beta: 5 },
      params: { n_ae_latents: 4, alpha: 50, beta: 5 },
      why: 'lowest mean',
      selection: { n: 2 },
      refit: null,
      optimism: null,
      distinguishable: null,
    });
    expect(before.distinguishableWhy).toMatch(/./);
    expect(before.atGridEdge.toSorted()).toEqual(['alpha', 'beta']);

    await api.inject({ method: 'POST', url: `/v1/sweeps/${id}/refit`, payload: { top: 2, seeds: 4 } });
    await openRefit(id, ranking);
    await finishRuns(api.store, worker, { sweepId: id, stage: 'refit' }, (run) =>
      summary(numberOf(run, 'alpha') === 50 ? 0.05 + 0.001 * run.seed : 0.15 + 0.0012 * run.seed),
    );
    const after: Best = (await get(`/v1/sweeps/${id}/best`)).json();
    expect(after).toMatchObject({
      point: { alpha: 50, beta: 5 },
      refit: { n: 4, mean: expect.closeTo(0.0545, 10) },
      runnerUp: { point: { alpha: 500, beta: 5 }, refit: { n: 4 }, difference: { n: 4 } },
      distinguishable: true,
    });
    // The seeds of the search looked better than fresh ones: 0.0155 against 0.0545.
    expect(after.optimism?.mean).toBeCloseTo(0.039, 10);
    const refitted: Ranking = (await get(`/v1/sweeps/${id}/ranking?stage=refit`)).json();
    expect(refitted.cells).toHaveLength(2);
    expect(refitted.cells[0]!.seeds.map((seed) => seed.seed)).toEqual([3, 4, 5, 6]);
  });
});

/** What the scheduler does when the refit stage's turn has come. */
async function openRefit(id: string, ranking: Ranking): Promise<void> {
  const stages = await api.store.stages.list(id);
  const [search, refit] = stages;
  const chosen = refitCells(ranking.cells, ranking.cells[0]!.cellId, 2);
  const byId = new Map((await api.store.stages.results(search!.id)).cells.map((cell) => [cell.cellId, cell.point]));
  const points = chosen.map((cellId) => JSON.stringify(byId.get(cellId)));
  const cells = expandStage(search!.plan, null, catalog).filter((cell) => points.includes(JSON.stringify(cell.point)));
  const seeds = stageSeeds(refit!.plan, await api.store.sweeps.usedSeeds(id));
  expect(await api.store.stages.open(refit!.id, cells, seeds, refit!.datasetHash)).toEqual({ runs: 8, linked: 0 });
}

it('keeps a sweep readable whose model this build has no more', async () => {
  const id = await api.submit(smallSpec());
  const { store, files, queues } = api;
  const log = pino({ level: 'silent' });
  const app = buildApp({ store, files, queues, catalog: new Map(), inspect: async () => ({ faults: [] }), log });
  expect((await app.inject({ url: `/v1/sweeps/${id}` })).statusCode).toBe(200);
  expect(problemOf(await app.inject({ url: `/v1/sweeps/${id}/ranking` }))).toMatchObject({
    status: 409,
    detail: 'This build has no model ps-vae any more.',
  });
  await app.close();
});
