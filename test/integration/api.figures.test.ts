import type { FigureView, RunView, Summary } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { particlesFile, trainRuns } from '../support/figures.js';
import { smallSpec, stagedSpec } from '../support/specs.js';
import { registerWorker, runsOf } from '../support/training.js';

let api: TestApi;
let worker: string;
let sweep: string;
let stage: string;
let run: RunView;

const get = (url: string, headers: Record<string, string> = {}) => api.inject({ url, headers });
const sweepFigure = (file: string) => get(`/v1/sweeps/${sweep}/figures/${file}`);
const runFigure = (file: string) => get(`/v1/runs/${run.id}/figures/${file}`);
const list = async (url: string): Promise<FigureView[]> => (await get(url)).json().items;
/** Text of an SVG. */
const words = (svg: string): string[] => [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text = '']) => text);

const summary = ({ point, seed }: RunView): Summary | null => {
  const [alpha, beta] = [Number(point['alpha']), Number(point['beta'])];
  if (alpha === 500 && beta === 1 && seed === 2) return null;
  return {
    'train.latent_correlation': 0.1 * Math.abs(beta - 5) + 0.01 * seed,
    'train.unsupervised_units': 2,
    'train.active_units': beta === 5 && alpha === 50 && seed === 1 ? 1 : 2,
    'val.loss_data_mse': alpha / 1e5 + seed / 1e4,
    'val.label_mse': 1 / alpha,
    'val.label_r2': 0.9,
    'val.loss_zu_mi': 1,
    'val.loss_zu_tc': beta,
    'val.loss_zu_dwkl': Number.NaN,
  };
};

beforeAll(async () => {
  api = await startApi();
  worker = await registerWorker(api.store);
  sweep = await api.submit(smallSpec());
  stage = (await api.store.stages.list(sweep))[0]!.name;
  const epochs = { 'particles-epoch-00000.npz': particlesFile(1), 'particles-epoch-00003.npz': particlesFile(1) };
  await trainRuns(api, worker, { sweepId: sweep, stage }, summary, { 'particles.npz': particlesFile(), ...epochs });
  run = (await runsOf(api.store, sweep)).find(({ state }) => state === 'succeeded')!;
});
afterAll(() => api.close());

describe('the list of figures', () => {
  it('has every figure with formats and options', async () => {
    const figures = await list(`/v1/sweeps/${sweep}/figures`);
    expect(figures.map(({ name, kind, missing }) => [name, kind, missing])).toEqual([
      ['search-results', 'figure', null],
      ['training-curves', 'figure', null],
      ['heatmap', 'figure', null],
      ['comparison-movie', 'movie', null],
    ]);
    expect(figures[0]).toMatchObject({ formats: ['svg', 'png'], options: ['stage', 'split'] });
    expect(figures[3]!.formats).toContain('gif');
    expect((await list(`/v1/runs/${run.id}/figures`)).map(({ name }) => name)).toEqual([
      'training-curves',
      'label-reconstructions',
      'latent-correlation',
      'traversals',
      'traversal-movie',
      'particles',
      'glimpses',
      'particles-by-epoch',
      'rollout-movie',
    ]);
  });

  it('says why there is nothing to draw yet', async () => {
    const fresh = await api.submit(smallSpec());
    for (const { missing } of await list(`/v1/sweeps/${fresh}/figures`))
      expect(missing).toMatch(/^There is nothing to draw: /);
    const queued = (await runsOf(api.store, fresh))[0]!;
    for (const { missing } of await list(`/v1/runs/${queued.id}/figures`)) expect(missing).toMatch(/queued/);
  });

  it('is a 404 where there is no sweep or run', async () => {
    expect(problemOf(await get(`/v1/sweeps/${run.id}/figures`)).status).toBe(404);
    expect(problemOf(await get('/v1/runs/x/figures/traversals.svg')).status).toBe(404);
  });
});

describe('figures of a sweep', () => {
  it('draws the eight panels with n, units and what does not count', async () => {
    const answer = await sweepFigure('search-results.svg');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'image/svg+xml']);
    const said = words(answer.body);
    const titles = ['Pixel MSE', 'Label MSE', 'ICMI', 'Total correlation', 'DWKL', 'Latent correlation'];
    expect(said.filter((text) => titles.includes(text))).toEqual([...titles.slice(0, 2), ...titles]);
    for (const text of [
      'beta = 1',
      'alpha = 500, n_ae_latents = 4',
      'nats a frame · val',
      '|r|, 0..1 · train',
      'n = 3',
      'one seed',
      'mean',
    ]) {
      expect(said).toContain(text);
    }
    expect(said.some((text) => text.startsWith('not eligible'))).toBe(true);
    expect(said.find((text) => text.includes('8 runs of 4 cells'))).toContain('1 failed');
  });

  it('draws curves with any varied parameter as hue', async () => {
    const said = words((await sweepFigure(`training-curves.svg?stage=${stage}&hue=alpha`)).body);
    for (const text of ['Loss', 'Pixel MSE', 'Label R²', 'alpha', '50', '500', 'mean over runs'])
      expect(said).toContain(text);
    expect(said).toContain('no run has reported it');
  });

  it('draws a heat map of any metric over any two parameters', async () => {
    const said = words((await sweepFigure('heatmap.svg?metric=val.label_mse&x=beta&y=alpha')).body);
    for (const text of ['small: Label MSE by beta and alpha', '0.02', 'n = 2', 'n = 1 of 2'])
      expect(said).toContain(text);
  });

  it('gives PNG and GIF', async () => {
    const png = await sweepFigure('heatmap.png');
    expect([png.headers['content-type'], png.rawPayload.subarray(1, 4).toString()]).toEqual(['image/png', 'PNG']);
    const gif = await sweepFigure('comparison-movie.gif?base=1&latents=all');
    expect([gif.headers['content-type'], gif.rawPayload.subarray(0, 6).toString()]).toEqual(['image/gif', 'GIF89a']);
  });

  it('tells who has it already', async () => {
    const first = await sweepFigure('heatmap.svg');
    const etag = String(first.headers['etag']);
    const again = await get(`/v1/sweeps/${sweep}/figures/heatmap.svg`, { 'if-none-match': `"other", W/${etag}` });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect((await sweepFigure('heatmap.svg')).body).toBe(first.body);
    expect((await sweepFigure('heatmap.svg?x=beta')).headers['etag']).not.toBe(etag);
  });

  it('allows a page nothing', async () => {
    expect((await sweepFigure('heatmap.svg')).headers['content-security-policy']).toMatch(
      /default-src 'none'.*sandbox/,
    );
  });

  it.each([
    [
      'nope.svg',
      404,
      'There is no figure nope; figures are search-results, training-curves, heatmap, comparison-movie.',
    ],
    ['heatmap.pdf', 404, 'There is no heatmap as pdf; formats are heatmap.svg, heatmap.png.'],
    ['heatmap', 404, 'There is no heatmap without a format; formats are heatmap.svg, heatmap.png.'],
    ['heatmap.svg?base=1', 400, 'base: heatmap does not take it; allowed: stage, metric, x, y'],
    ['heatmap.svg?x=gamma', 400, 'x: the stage does not vary it; allowed: alpha, beta'],
    ['heatmap.svg?x=beta&y=beta', 400, 'y: is x as well; allowed: alpha'],
    ['heatmap.svg?stage=x', 404, 'The sweep has no stage x; stages are search.'],
    ['training-curves.svg?hue=seed', 400, 'hue: the stage does not vary it; allowed: alpha, beta'],
    ['training-curves.svg?split=all', 400, 'query split: is not legal; allowed: one of: train, val, test'],
    ['comparison-movie.gif?base=2', 400, 'base: not in the data; allowed: 0 to 1'],
    [
      'comparison-movie.gif?seed=9',
      409,
      `There is nothing to draw: no run of stage search with seed 9 has left evaluation.npz.`,
    ],
  ])('refuses %s', async (file, status, detail) => {
    const problem = problemOf(await sweepFigure(file));
    expect([problem.status, problem.detail]).toEqual([
      status,
      detail.replaceAll('search.', `${stage}.`).replace('stage search ', `stage ${stage} `),
    ]);
  });
});

describe('figures of a run', () => {
  it.each([
    ['label-reconstructions.svg', ['label 1', 'predicted', 'trial 0 · val', 'trial 3 · test']],
    ['label-reconstructions.svg?trials=3', ['trial 3 · test']],
    ['latent-correlation.svg', ['latent 1', 'latent 2', '1.00']],
    ['traversals.svg?base=1', ['base frame', 'latent 2', 'low end', 'high end']],
    ['training-curves.svg', ['Loss', 'one run']],
  ])('draws %s', async (file, expected) => {
    const said = words((await runFigure(file)).body);
    for (const text of expected) expect(said).toContain(text);
    expect(said[0]?.replace(' (val)', '')).toBe(
      `small: alpha = ${Number(run.point['alpha'])}, beta = ${Number(run.point['beta'])}, seed ${run.seed}`,
    );
  });

  it('moves', async () => {
    expect((await runFigure('traversal-movie.gif')).rawPayload.subarray(0, 6).toString()).toBe('GIF89a');
  });

  it.each([
    ['traversals.svg?base=2', 400, 'base: not in the data; allowed: 0 to 1'],
    ['label-reconstructions.svg?trials=1', 400, 'trials: not in the data; allowed: 0, 3'],
    [
      'label-reconstructions.svg?trials=a',
      400,
      'query trials: is no list of trials; allowed: numbers of trials, comma-separated: 3,17',
    ],
    ['latent-correlation.svg?base=0', 400, 'base: latent-correlation does not take it; allowed: no parameter'],
  ])('refuses %s', async (file, status, detail) => {
    const problem = problemOf(await runFigure(file));
    expect([problem.status, problem.detail]).toEqual([status, detail]);
  });

  it('draws what a model of particles left, at its end and of some epochs', async () => {
    const said = async (file: string) => words((await runFigure(file)).body);
    expect(await said('particles.svg')).toEqual(expect.arrayContaining(['reconstruction', 'masks', 'those on, of 3']));
    expect(await said('glimpses.svg?base=1')).toEqual(expect.arrayContaining(['glimpse', 'transparency', 'depth']));
    expect(await said('particles-by-epoch.svg')).toEqual(expect.arrayContaining(['epoch 0', 'epoch 3']));
    expect(problemOf(await runFigure('glimpses.svg?base=2'))).toMatchObject({
      status: 400,
      detail: 'base: not in the data; allowed: 0 to 1',
    });
  });

  it('says why a run has none', async () => {
    const failed = (await runsOf(api.store, sweep)).find(({ state }) => state === 'failed')!;
    expect(problemOf(await get(`/v1/runs/${failed.id}/figures/traversals.svg`))).toMatchObject({
      status: 409,
      detail: 'There is nothing to draw: the run has no evaluation.npz; the run is failed.',
    });
  });
});

it('answers others while it draws', async () => {
  const order: string[] = [];
  const drawing = sweepFigure('comparison-movie.gif?latents=all&base=0').then(() => order.push('movie'));
  for (let i = 0; i < 5; i += 1) await get('/livez').then(() => order.push('livez'));
  await drawing;
  expect(order.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'livez'));
});

describe('the review sheet', () => {
  it('shows the cells with their scores and the command that chooses each', async () => {
    const { cells } = (await get(`/v1/sweeps/${sweep}/ranking`)).json();
    const { id } = (await api.store.stages.byName(sweep, stage))!;
    await api.store.stages.selecting(id);
    await api.store.stages.await(id, 'gate: review', { cellId: cells[0].cellId, why: 'lowest' });
    const answer = await get(`/v1/sweeps/${sweep}/stages/${stage}/review`);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers['content-security-policy']).toMatch(
      /default-src 'none'; img-src data:;.*sandbox allow-scripts/,
    );
    expect(answer.body.match(/the rule’s choice/g)).toHaveLength(1);
    for (const { cellId } of cells) {
      expect(answer.body).toContain(`trawl approve ${sweep} ${stage} --cell ${cellId} --why &quot;...&quot;`);
    }
    expect(answer.body.match(/<article /g)).toHaveLength(4);
    expect(answer.body).toContain('diverged: loss is NaN at step 3');
    const again = await get(`/v1/sweeps/${sweep}/stages/${stage}/review`, {
      'if-none-match': String(answer.headers['etag']),
    });
    expect(again.statusCode).toBe(304);
  });

  it('says who decided, and then offers no command', async () => {
    const { cells } = (await get(`/v1/sweeps/${sweep}/ranking`)).json();
    const payload = { cellId: cells[1].cellId, who: 'ada', why: 'one thing moves at a time' };
    const url = `/v1/sweeps/${sweep}/stages/${stage}`;
    expect((await api.inject({ method: 'POST', url: `${url}/approve`, payload })).statusCode).toBe(200);
    const { body } = await get(`${url}/review`);
    expect(body).toContain('chosen by ada');
    expect(body).toContain('one thing moves at a time');
    expect(body).not.toContain('trawl approve');
  });

  it('is refused where there is nothing to review', async () => {
    const fresh = await api.submit(stagedSpec());
    expect(problemOf(await get(`/v1/sweeps/${fresh}/stages/refit/review`))).toMatchObject({
      status: 409,
      detail: 'There is nothing to review: no run of stage refit, which is pending, has succeeded.',
    });
    expect(problemOf(await get(`/v1/sweeps/${fresh}/stages/x/review`))).toMatchObject({ status: 404 });
  });
});
