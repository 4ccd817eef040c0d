import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunDetail, RunView, SweepDetail } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { addWorker } from '../support/sweeps.js';

let api: TestApi;
let id: string;
let runs: RunView[];
/** Succeeded with a NaN and an infinity in its numbers; the second failed, the others wait. */
let done: RunView;

const point = (epoch: number, value: number) => ({
  epoch,
  step: epoch * 10,
  split: 'val' as const,
  name: 'loss',
  value,
});

beforeAll(async () => {
  api = await startApi();
  id = await api.submit({ ...smallSpec(), name: 'to, "take" away' });
  const worker = await addWorker(api.store);
  runs = (await api.store.runs.page(id, { limit: 100 })).items;
  done = runs[0]!;
  const { fence } = (await api.store.runs.claim(done.id, 0, worker))!;
  await api.store.metrics.ingest(done.id, fence, [point(0, 2.5), point(1, Number.NaN), point(2, 0.125)]);
  await api.store.runs.progress(done.id, fence, { epoch: 2, epochs: 2, step: 20 });
  const summary = {
    'val.loss': 0.125,
    'val.label_mse': Number.POSITIVE_INFINITY,
    'train.latent_correlation': Number.NaN,
  };
  await api.store.runs.succeed(done.id, fence, summary);
  await api.store.runs.claim(runs[1]!.id, 0, worker);
  await api.store.runs.fail(runs[1]!.id, 1, 'diverged', 'NaN');
});
afterAll(() => api.close());

const take = (query: string) => api.inject({ url: `/v1/sweeps/${id}/export?${query}` });
const lines = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));

describe('csv', () => {
  it('has a line for each run, with parameters and final numbers', async () => {
    const answer = await take('format=csv');
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="to,__take__away-${id.slice(-8)}.csv"`,
    });
    const [header, ...rows] = lines(answer.body);
    expect(rows.map(([run]) => run)).toEqual(runs.map((run) => run.id));
    const row = Object.fromEntries(header!.map((name, i) => [name, rows[0]![i]]));
    expect(row).toMatchObject({
      stages: 'search',
      seed: '1',
      state: 'succeeded',
      'params.alpha': '50',
      'params.architecture': 'small',
      'val.loss': '0.125',
      'val.label_mse': 'Infinity',
      'train.latent_correlation': 'NaN',
    });
    expect(rows[1]![header!.indexOf('failure_class')]).toBe('diverged');
    expect(rows[2]!.slice(-3)).toEqual(['', '', '']);
  });

  it('has a line for each point of the curves', async () => {
    expect(lines((await take('format=csv&what=curves')).body)).toEqual([
      ['run', 'metric', 'split', 'epoch', 'step', 'value'],
      [done.id, 'loss', 'val', '0', '0', '2.5'],
      [done.id, 'loss', 'val', '1', '10', 'NaN'],
      [done.id, 'loss', 'val', '2', '20', '0.125'],
    ]);
  });
});

it('json is the whole sweep, with curves where they are asked for', async () => {
  type Exported = { sweep: SweepDetail; runs: (RunDetail & { artifacts: unknown[]; curves?: unknown[] })[] };
  const plain: Exported = (await take('format=json')).json();
  expect(plain.sweep).toMatchObject({ id, name: 'to, "take" away' });
  expect(plain.runs).toHaveLength(8);
  expect(plain.runs[0]).toEqual({ ...(await api.store.runs.detail(done.id))!, artifacts: [] });
  const { runs: withCurves }: Exported = (await take('format=json&what=curves')).json();
  expect(withCurves[0]!.curves).toEqual([
    { name: 'val.loss', epochs: [0, 1, 2], steps: [0, 10, 20], values: [2.5, 'NaN', 0.125] },
  ]);
});

const READER = fileURLToPath(new URL('../support/readEvents.py', import.meta.url));
const PYTHON = process.env['TRAWL_TEST_PYTHON'] ?? 'python3';
const hasTensorboard = spawnSync(PYTHON, ['-c', 'import tensorboard']).status === 0;

it.skipIf(!hasTensorboard)(
  'TensorBoard reads curves, parameters and outcomes (needs python3 with tensorboard)',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trawl-tensorboard-'));
    try {
      const answer = await take('format=tensorboard');
      expect(answer.headers['content-type']).toBe('application/x-tar');
      await writeFile(join(folder, 'export.tar'), answer.rawPayload);
      execFileSync('tar', ['-xf', 'export.tar'], { cwd: folder });
      await rm(join(folder, 'export.tar'));
      type Found = {
        scalars: Record<string, [number, string][]>;
        hparams: Record<string, unknown> | null;
        group: string | null;
        status: number | null;
        experiment: { name: string; hparams: string[]; metrics: string[] } | null;
      };
      const found: Record<string, Found> = JSON.parse(execFileSync(PYTHON, [READER, folder], { encoding: 'utf8' }));
      expect(Object.keys(found)).toHaveLength(9);
      expect(found['.']!.experiment).toMatchObject({
        name: 'to, "take" away',
        hparams: expect.arrayContaining(['alpha', 'beta', 'architecture']),
        metrics: ['summary/train.latent_correlation', 'summary/val.label_mse', 'summary/val.loss'],
      });
      const run = found[`search/alpha=50,beta=1/seed=1-${done.id.slice(-8)}`]!;
      expect(run).toMatchObject({ group: done.cellId, status: 1 });
      expect(run.hparams).toMatchObject({ alpha: 50, beta: 1, architecture: 'small', use_label_mask: true });
      expect(run.scalars).toEqual({
        'loss/val': [
          [0, '2.5'],
          [10, 'nan'],
          [20, '0.125'],
        ],
        'summary/train.latent_correlation': [[20, 'nan']],
        'summary/val.label_mse': [[20, 'inf']],
        'summary/val.loss': [[20, '0.125']],
      });
      expect(Object.values(found).filter(({ status }) => status === 2)).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

it('refuses what it does not know', async () => {
  expect(problemOf(await take('format=xml')).errors).toMatchObject([{ path: 'format' }]);
  expect(problemOf(await take('')).errors).toMatchObject([{ path: 'format' }]);
  expect((await api.inject({ url: `/v1/sweeps/${done.id}/export?format=csv` })).statusCode).toBe(404);
});

it('behavenet is a folder a run, as its notebooks look for it', async () => {
  const answer = await take('format=behavenet');
  const names = [...members(answer.rawPayload).keys()];
  const folder = `trawl/behaviour/rendered/${(await api.store.stages.list(id))[0]!.datasetHash.slice(0, 12)}`;
  const experiment = `${folder}/ps-vae/conv/04_latents/to,__take__away`;
  expect(names).toContain(`${folder}/session_info.csv`);
  expect(names.filter((name) => name.endsWith('meta_tags.csv'))).toEqual(
    runs.map((_, version) => `${experiment}/version_${version}/meta_tags.csv`),
  );
  const metrics = members(answer.rawPayload).get(`${experiment}/version_0/metrics.csv`)!;
  expect(lines(metrics.toString()).map(([epoch]) => epoch)).toEqual(['epoch', '0', '2']);
});

/** Files of a tar archive by name. */
function members(archive: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const text = (from: number, to: number): string => archive.toString('utf8', from, to).replace(/\0.*$/s, '');
  for (let at = 0; archive[at] !== 0;) {
    const prefix = text(at + 345, at + 500);
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    found.set(
      prefix === '' ? text(at, at + 100) : `${prefix}/${text(at, at + 100)}`,
      archive.subarray(at + 512, at + 512 + size),
    );
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}
