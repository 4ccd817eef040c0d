import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@trawl/client';
import { isSweepFinished, type RunView, type SweepDetail } from '@trawl/spec';
import { afterAll, expect, test } from 'vitest';
import { until } from '../support/processes.js';
import { smallSpec } from '../support/specs.js';
import { trawlSays, trawlUp } from '../support/trawl.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-moved-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { TRAWL_CHECKPOINT_SECONDS: '0.5', TRAWL_THREADS: '1', TRAWL_DATA_ROOTS: folder };
const spec = {
  ...smallSpec(),
  grid: { alpha: [50, 500] },
  params: { ...smallSpec().params, max_n_epochs: 8 },
  // Latents of so few epochs may have collapsed.
  select: { rule: 'min', metric: 'val.label_mse' },
};

async function runsOf(client: Client, id: string): Promise<RunView[]> {
  const runs: RunView[] = [];
  for await (const run of client.sweeps.runs(id)) runs.push(run);
  return runs;
}

const finished = (client: Client, id: string): Promise<SweepDetail> =>
  until(
    'the sweep to be finished',
    async () => {
      const sweep = await client.sweeps.get(id);
      return isSweepFinished(sweep.state) ? sweep : null;
    },
    300_000,
  );

/** Everything that training came to: the numbers of each run, all its curves, and who won. */
async function results(client: Client, id: string): Promise<object> {
  const numbers = await Promise.all(
    (await runsOf(client, id)).map(async (run) => {
      const { summary } = await client.runs.get(run.id);
      return { id: run.id, point: run.point, seed: run.seed, state: run.state, failures: run.failures, summary };
    }),
  );
  const { cells } = await client.sweeps.ranking(id);
  const curves = await Promise.all(numbers.map(async (run) => (await client.runs.metrics(run.id)).curves));
  return { numbers, cells, curves };
}

test('a sweep that was backed up in its middle comes to the same numbers elsewhere', async () => {
  const archive = join(folder, 'trawl.tar');
  const here = await trawlUp(join(folder, 'here'), env);
  let expected: object;
  let id: string;
  try {
    const client = createClient({ baseUrl: here.apiUrl });
    ({ id } = await client.sweeps.submit(JSON.stringify(spec), 'application/json'));
    await until(
      'a run to be done and another under way, with a checkpoint',
      async () => {
        const runs = await runsOf(client, id);
        const under = runs.find(({ state, epoch }) => state === 'running' && epoch !== null && epoch > 2);
        if (under === undefined || !runs.some(({ state }) => state === 'succeeded')) return false;
        return (await client.runs.artifacts(under.id)).some(({ kind }) => kind === 'checkpoint');
      },
      200_000,
    );
    const said = JSON.parse(await trawlSays(['backup', archive, '--json'], { TRAWL_DATA_DIR: join(folder, 'here') }));
    expect(said).toMatchObject({ file: archive, missing: [] });
    expect((await finished(client, id)).state).toBe('succeeded');
    expected = await results(client, id);
  } finally {
    await here.stop();
  }

  await trawlSays(['restore', archive, '--data-dir', join(folder, 'there')]);
  const there = await trawlUp(join(folder, 'there'), env);
  try {
    const client = createClient({ baseUrl: there.apiUrl });
    expect((await finished(client, id)).state).toBe('succeeded');
    expect(await results(client, id)).toEqual(expected);
    const attempts = await Promise.all((await runsOf(client, id)).map((run) => client.runs.attempts(run.id)));
    expect(attempts.flat().some(({ end }) => end === 'drained')).toBe(true);
  } finally {
    await there.stop();
  }
});
