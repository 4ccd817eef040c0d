import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api.js';
import { videoFile, writeHdf5 } from '../support/hdf5.js';
import { until } from '../support/processes.js';
import { startProxy } from '../support/proxy.js';
import { smallSpec } from '../support/specs.js';
import { safetensors } from '../support/safetensors.js';
import { trawl, trawlSays } from '../support/trawl.js';
import { claim, finishRuns, registerWorker, runsOf } from '../support/training.js';

/* The command as a person or a script calls it, against a real api. */

let api: TestApi;
let env: Record<string, string>;
let folder: string;
let spec: string;
beforeAll(async () => {
  api = await startApi();
  folder = await mkdtemp(join(tmpdir(), 'trawl-cli-'));
  env = { TRAWL_API_URL: await api.app.listen({ host: '127.0.0.1', port: 0 }), TRAWL_DATA_DIR: folder };
  spec = join(folder, 'spec.json');
  await writeFile(spec, JSON.stringify(smallSpec()));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const json = async (...args: string[]) => JSON.parse(await trawlSays([...args, '--json'], env));
const refusal = async (...args: string[]): Promise<{ code: number | null; said: string }> => {
  const run = trawl(args, env);
  return { code: await run.exited, said: run.stderr() };
};

describe('sweeps', () => {
  it('are checked, submitted, listed, shown, extended, controlled and deleted', async () => {
    expect(await json('submit', spec, '--dry-run')).toMatchObject({ name: 'small', runs: 8 });
    const { id } = await json('submit', spec);
    expect((await json('ls')).map((each: { id: string }) => each.id)).toEqual([id]);
    const shown = await trawlSays(['show', 'small', '--runs'], env);
    expect(shown).toMatch(new RegExp(`^small {2}${id}\\nrunning, 8 queued, 0 B in 0 files$`, 'm'));

    expect((await json('rank', id, '--by', 'beta')).cells).toHaveLength(2);
    const extended = await json('extend', id, '--values', 'beta=20,40', '--values', 'alpha=[100]', '--seeds', '1');
    // The scheduler opens it again.
    expect(extended.stages[0]).toMatchObject({ state: 'pending', axes: ['alpha', 'beta'] });
    expect((await api.store.sweeps.plan(id))?.stages[0]).toMatchObject({
      space: { grid: { alpha: [50, 500, 100], beta: [1, 5, 20, 40] } },
      seeds: [1, 2, 3],
    });
    expect(await refusal('extend', id)).toMatchObject({ code: 2, said: expect.stringMatching(/values|seeds/) });
    expect(await refusal('extend', id, '--seeds', 'many')).toMatchObject({
      code: 2,
      said: expect.stringMatching(/as 3, or/),
    });
    expect(await refusal('extend', id, '--values', 'gamma=1')).toMatchObject({
      code: 1,
      said: expect.stringMatching(/gamma/),
    });

    expect((await json('pause', id)).state).toBe('paused');
    expect((await json('resume', id)).state).toBe('running');
    const [run] = await runsOf(api.store, id);
    expect((await json('run', run!.id)).params).toMatchObject(run!.point);
    expect(await json('logs', run!.id)).toEqual([]);
    expect(await refusal('retry', run!.id)).toMatchObject({ code: 1, said: expect.stringMatching(/queued/) });
    expect((await json('cancel', id)).state).toBe('cancelled');
    expect(await json('gc', '--dry-run')).toMatchObject({ dryRun: true, files: 0 });
    expect(await trawlSays(['gc'], env)).toBe('freed 0 B in 0 files\n');
    expect(await json('delete', id)).toEqual({ deleted: id });
    expect(await refusal('show', id)).toMatchObject({ code: 1, said: `trawl: There is no sweep ${id}.\n` });
  });

  it('are exported, to standard output or to a file that is whole', async () => {
    const { id } = await json('submit', spec);
    const csv = await trawlSays(['export', id], env);
    expect(csv.trim().split('\n')).toHaveLength(1 + 8);
    const path = join(folder, 'small.json');
    expect(await json('export', id, '--format', 'json', '--output', path)).toMatchObject({ file: path });
    expect(JSON.parse(await readFile(path, 'utf8'))).toBeTypeOf('object');
    const tar = join(folder, 'small.tar');
    expect(await trawlSays(['export', id, '--format', 'tensorboard', '-o', tar], env)).toBe(`wrote ${tar}\n`);
    expect((await readFile(tar)).length % 512).toBe(0);
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect(await refusal('export', id, '--format', 'xls')).toMatchObject({
      code: 2,
      said: expect.stringMatching(/csv, json/),
    });
    await json('cancel', id);
  });

  it('are followed by their events to the end, and left by Ctrl-C', async () => {
    const { id } = await json('submit', spec);
    const left = trawl(['watch', id], env);
    const ended = trawl(['watch', id, '--json'], env);
    const failed = trawl(['watch', id], env);
    for (const { stderr } of [left, ended, failed]) await until('the first look', () => stderr().includes('8 queued'));
    left.child.kill('SIGINT');
    expect(await left.exited).toBe(130);
    expect(left.stderr()).not.toMatch(/Error|at .*\.js/);

    const worker = await registerWorker(api.store);
    const stage = (await api.store.stages.list(id))[0]!;
    await finishRuns(api.store, worker, { sweepId: id, stage: stage.name }, () => ({ 'val.loss': 1 }));
    await api.store.stages.fail(stage.id, 'for the test');
    await api.store.stages.finishSweep(id, 'failed');
    expect(await ended.exited).toBe(1);
    expect(JSON.parse(ended.stdout())).toMatchObject({ id, state: 'failed', runs: { succeeded: 8 } });
    expect(ended.stderr()).toMatch(/failed: for the test/);
    expect(await failed.exited).toBe(1);
    expect(failed.stdout()).toBe('small failed: 8 succeeded\n');
  });
});

it('one run alone is paused, resumed and cancelled, and the audit says so', async () => {
  const id = await api.submit(smallSpec());
  const run = (await runsOf(api.store, id))[0]!.id;
  expect(await json('pause', '--run', run)).toMatchObject({ id: run, state: 'queued', paused: true });
  expect(await trawlSays(['resume', '--run', run], env)).toBe(`${run} queued\n`);
  expect(await trawlSays(['cancel', '--run', run], env)).toBe(`${run} cancelled\n`);
  expect(await refusal('cancel', '--run', run)).toMatchObject({ code: 1, said: expect.stringMatching(/is cancelled/) });
  const wrong = {
    code: 2,
    said: expect.stringMatching(/^trawl: say what to pause: either a sweep .*, or --run ID\n$/),
  };
  expect(await Promise.all([refusal('pause', id, '--run', run), refusal('pause')])).toEqual([wrong, wrong]);
  // The others go on.
  expect(await api.store.sweeps.detail(id)).toMatchObject({ state: 'running', runs: { queued: 7, cancelled: 1 } });

  const done = ['cancel', 'resume', 'pause'].map((action) => `POST /v1/runs/:id/${action}`);
  expect(await json('audit', '--target', run)).toMatchObject(
    done.map((action) => ({ by: 'anonymous', action, target: run, detail: null })),
  );
  const lines = (await trawlSays(['audit', '-n', '2'], env)).trim().split('\n');
  expect(lines.map((line) => line.split(/ {2,}/).slice(1))).toEqual([
    ['by', 'did', 'to', 'with'],
    ...done.slice(0, 2).map((action) => ['anonymous', action, run]),
  ]);
  expect(await trawlSays(['audit', '--target', spec], env)).toBe('Nothing was changed.\n');
  await api.inject({ method: 'POST', url: `/v1/sweeps/${id}/cancel` });
});

it('trawl top shows workers, what waits and what runs, and outlives its service', async () => {
  const id = await api.submit(smallSpec());
  const runs = await runsOf(api.store, id);
  const { fence } = await claim(api.store, await registerWorker(api.store), runs[0]!);
  await api.store.runs.progress(runs[0]!.id, fence, { epoch: 1, epochs: 4, step: 7 });
  await api.store.metrics.ingest(runs[0]!.id, fence, [{ step: 7, epoch: 1, split: 'val', name: 'loss', value: 2.25 }]);
  expect(await json('top')).toMatchObject({
    slots: { busy: 1 },
    waiting: [{ sweepId: id, sweep: 'small', priority: 0, runs: 7 }],
    running: [{ runId: runs[0]!.id, sweep: 'small', epoch: 1, metric: { name: 'val.loss', value: 2.25 } }],
  });
  expect(await trawlSays(['top'], env)).toMatch(
    /^7 +0 +small .*\n\n.*\n.{8} +small\/\S+ +alpha=\S+ beta=1 .* 2\.250 val\.loss/m,
  );

  const proxy = await startProxy(env['TRAWL_API_URL']!);
  const top = trawl(['top', '--interval', '0.5'], { ...env, TRAWL_API_URL: proxy.url });
  try {
    await until('a line', () => top.stdout().includes('1 running, 7 waiting\n'));
    await proxy.down();
    await until('a word', () => top.stderr() === 'trawl: the service does not answer; waiting for it\n');
    await api.inject({ method: 'POST', url: `/v1/sweeps/${id}/cancel` });
    await proxy.up();
    await until('a line of what is now', () => top.stdout().includes(' 0 running, 0 waiting\n'));
  } finally {
    top.child.kill('SIGINT');
    expect(await top.exited).toBe(130);
    await proxy.down();
  }
});

describe('datasets', () => {
  it('are uploaded, listed and deleted', async () => {
    const file = join(folder, 'mouse.hdf5');
    await writeHdf5(file, videoFile({ frames: [4, 4, 4], height: 32, width: 32, labels: 2 }));
    const sent = await json('dataset', 'upload', file);
    expect(sent).toMatchObject({ name: 'mouse.hdf5', kind: 'hdf5', trials: 3, frames: 12, uploaded: true });
    const again = await trawlSays(['dataset', 'upload', file], env);
    expect(again.split('\n')[0]).toBe(`dataset: { kind: hdf5, path: "sha256:${sent.sha256}" }`);
    const listed = await json('dataset', 'ls');
    expect(listed.find(({ id }: { id: string }) => id === sent.id)).toMatchObject({ name: 'mouse.hdf5' });
    expect(await trawlSays(['dataset', 'ls'], env)).toMatch(/mouse\.hdf5 +hdf5/);
    expect(await json('dataset', 'rm', sent.id.slice(0, 12))).toEqual({ deleted: sent.id });
    expect(await refusal('dataset', 'rm', 'mouse.hdf5')).toMatchObject({
      code: 2,
      said: expect.stringMatching(/no dataset/),
    });
    expect(await refusal('dataset', 'upload', spec)).toMatchObject({ code: 1, said: expect.stringMatching(/no data/) });
    expect(await refusal('dataset', 'upload', 'nowhere')).toMatchObject({ code: 2 });
  });
});

it('weights are uploaded, with progress where they are large', async () => {
  const file = join(folder, 'pretrained.safetensors');
  await writeFile(file, safetensors({ kernel: [1, 2, 3] }));
  const { sha256, ...sent } = await json('weights', 'upload', file);
  expect(sent).toMatchObject({ runId: null, kind: 'weights', name: 'pretrained.safetensors' });
  expect(await trawlSays(['weights', 'upload', file], env)).toMatch(new RegExp(`^sha256:${sha256}\n`));

  await truncate(file, 60_000_000);
  const said = expect.stringMatching(/^upload: reading\nupload: sent 0 B of 60.*\n[^]*trawl: These are no weights: /);
  expect(await refusal('weights', 'upload', file)).toMatchObject({ code: 1, said });
  await truncate(file, 0);
  expect(await refusal('weights', 'upload', file)).toEqual({ code: 2, said: `trawl: ${file} is empty\n` });
});
