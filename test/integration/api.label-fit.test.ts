import type { LabelFit, RunView } from '@trawl/spec';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { trainRuns } from '../support/figures.js';
import { smallSpec } from '../support/specs.js';
import { registerWorker } from '../support/training.js';

let api: TestApi;
let sweep: string;

const get = (query: string) => api.inject({ url: `/v1/sweeps/${sweep}/label-fit${query}` });

const diverges = ({ point, seed }: RunView) => point['beta'] === 5 && point['rng_seed_data'] === 1 && seed === 2;

beforeAll(async () => {
  api = await startApi();
  const worker = await registerWorker(api.store);
  sweep = await api.submit({
    ...smallSpec(),
    grid: { beta: [1, 5], rng_seed_data: [0, 1] },
    select: { metric: 'val.label_mse' },
  });
  const [stage] = await api.store.stages.list(sweep);
  await trainRuns(api, worker, { sweepId: sweep, stage: stage!.name }, (run) =>
    diverges(run) ? null : { 'val.label_mse': 1 },
  );
});
afterAll(() => api.close());

it('pools the frames of all splits and seeds of a cell, and says which run is not among them', async () => {
  const answer: LabelFit = (await get('')).json();
  expect(answer).toMatchObject({ split: 'test', over: 'rng_seed_data', components: 2 });
  expect(answer.groups.map(({ point }) => point)).toEqual([{ beta: 1 }, { beta: 5 }]);
  const [one, five] = [answer.groups[0]!, answer.groups[1]!];
  // Two splits, two seeds, whose files are the same: frames once, values of each run.
  expect(one.runs.map(({ seed, value }) => [value, seed])).toEqual([
    [0, 1],
    [0, 2],
    [1, 1],
    [1, 2],
  ]);
  expect(one.fit.n).toBe(4 * one.runs[0]!.n);
  expect(one.fit.r2).toBeCloseTo(one.runs[0]!.r2!, 9);
  expect(one.frames).toBeLessThanOrEqual(8);
  expect(one.fit.labels).toHaveLength(one.labels.length);
  // Two labels have no more to say than two components.
  expect(one.baseline).toBeNull();
  expect(five.runs.map(({ why }) => why)).toEqual([null, null, null, 'failed']);
  expect(five.fit.n).toBe(3 * five.runs[0]!.n);
});

it('pools over seeds alone, or over another parameter, where that is asked for', async () => {
  const answer: LabelFit = (await get('?over=beta&split=val')).json();
  expect(answer.groups.map(({ point }) => point)).toEqual([{ rng_seed_data: 0 }, { rng_seed_data: 1 }]);
  expect(problemOf(await get('?over=alpha'))).toMatchObject({ status: 400 });
});
