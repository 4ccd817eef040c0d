import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@trawl/client';
import { canonicalJson, isSweepFinished, type SweepDetail } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../apps/cli/dist/config.js';
import { startStack } from '../../apps/cli/dist/stack/up.js';
import { type Balancer, startBalancer } from '../support/balancer.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/processes.js';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.js';
import { type Role, role } from '../support/role.js';
import { startS3, type TestS3 } from '../support/s3.js';

/*
 * The topology of docker-compose.yml as plain processes: Postgres, Redis, two api behind a balancer with their artifacts
 * in S3, two schedulers, three workers, keys. One story is told to it while parts of it are killed, and to `trawl up` in peace: the
 * numbers must be the same to the last bit.
 */

const CLI = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

const SPEC = JSON.stringify({
  name: 'topology',
  model: 'ps-vae',
  dataset: { kind: 'behaviour', trials: 10, frames: 4, height: 16, width: 16 },
  params: { n_ae_latents: 4, trial_splits: '8;1;1;0', max_n_epochs: 2, anneal_epochs: 0, architecture: 'small' },
  seeds: [1],
  stages: [
    {
      name: 'alpha',
      params: { beta: 1 },
      grid: { alpha: [50, 500] },
      select: { rule: 'min', metric: 'val.label_mse' },
    },
    {
      name: 'beta',
      grid: { beta: [1, 5] },
      select: { rule: 'min', metric: 'val.label_mse' },
      gate: 'review',
    },
  ],
  execution: { priority: 1 },
});

/** As whoever runs the service makes one: by the command, straight into the database. */
function makeKey(name: string, databaseUrl: string): string {
  const args = [CLI, 'key', 'create', '--database', '--name', name, '--json'];
  const env = { PATH: process.env['PATH'], DATABASE_URL: databaseUrl };
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })).key;
}

async function reach(client: Client, id: string, what: string, wanted: (sweep: SweepDetail) => boolean) {
  return until(
    what,
    async () => {
      const sweep = await client.sweeps.get(id);
      if (sweep.state === 'failed' || sweep.runs.failed > 0) throw new Error(JSON.stringify(sweep));
      return wanted(sweep) ? sweep : null;
    },
    120_000,
  );
}

/** What a person does with a sweep from POST to the last ranking. `disturb` is called while runs are under way. */
async function tell(client: Client, disturb: (when: 'search' | 'refit' | 'extend') => Promise<void>) {
  const { id } = await client.sweeps.submit(SPEC, 'application/json');
  await reach(client, id, 'the first run to be done', ({ runs }) => runs.succeeded > 0);
  await disturb('search');
  await approve(client, id);
  await client.sweeps.refit(id, { top: 2, seeds: 1 });
  await disturb('refit');
  await reach(client, id, 'the end of the refit', ({ state }) => isSweepFinished(state));
  await client.sweeps.extend(id, { stage: 'beta', values: { beta: [10] } });
  await disturb('extend');
  await approve(client, id);
  return numbers(client, id);
}

/** Takes the second best at the gate, against the rule, and waits for the end. */
async function approve(client: Client, id: string): Promise<void> {
  await reach(client, id, 'the gate', ({ state }) => state === 'awaiting_review');
  const [, second] = (await client.sweeps.ranking(id, { stage: 'beta' })).cells;
  await client.sweeps.approve(id, 'beta', { cellId: second?.cellId, who: 'a scientist', why: 'looks smoother' });
  await reach(client, id, 'the end', ({ state }) => isSweepFinished(state));
}

/** Everything that training and ranking gave, without ids, times and machines. */
async function numbers(client: Client, id: string) {
  const { stages } = await client.sweeps.get(id);
  const runs = [];
  for await (const { id: runId, seed, state } of client.sweeps.runs(id)) {
    const [{ params, summary }, curves] = await Promise.all([client.runs.get(runId), client.runs.metrics(runId)]);
    runs.push({ what: `${canonicalJson(params)} ${seed}`, state, summary, curves });
  }
  const rankings = [];
  for (const { name } of stages) {
    const { cells } = await client.sweeps.ranking(id, { stage: name });
    rankings.push({ name, cells });
  }
  const withoutIds = JSON.stringify({
    runs: runs.sort((a, b) => (a.what < b.what ? -1 : 1)),
    rankings,
    selected: stages.map(({ name, state, selected }) => ({ name, state, selected })),
  }).replaceAll(/"(cellId|runId|sweepId)":"[^"]*"/g, '"$1":""');
  return JSON.parse(withoutIds);
}

describe.skipIf(!hasRedis)('many processes, keys, and parts that die (needs redis-server)', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let s3: TestS3;
  let folder: string;
  let balancer: Balancer;
  let client: Client;
  const roles: Role[] = [];

  beforeAll(async () => {
    [database, redis, s3] = await Promise.all([freshDatabase(), startRedis(), startS3()]);
    folder = mkdtempSync(join(tmpdir(), 'trawl-topology-'));
    const ports = [await freePort(), await freePort()];
    balancer = await startBalancer(ports);
    const keys = {
      worker: makeKey('worker', database.databaseUrl),
      scientist: makeKey('scientist', database.databaseUrl),
    };
    const shared = { DATABASE_URL: database.databaseUrl, REDIS_URL: redis.url };
    const apiUrl = `http://127.0.0.1:${balancer.port}`;
    for (const port of ports) {
      // Nothing in common but Postgres, Redis and the bucket.
      const data = { TRAWL_DATA_DIR: join(folder, `api-${port}`), TRAWL_DATA_ROOTS: folder };
      roles.push(role('api', { ...shared, ...data, ...s3.env, TRAWL_AUTH: 'on', TRAWL_PORT: String(port) }));
    }
    roles.push(role('scheduler', shared), role('scheduler', shared));
    for (const name of ['w1', 'w2', 'w3']) {
      const data = { TRAWL_DATA_DIR: join(folder, name), TRAWL_DATA_ROOTS: folder };
      const slot = { TRAWL_SLOTS: '1', TRAWL_THREADS: '1', TRAWL_BACKEND: 'wasm' };
      roles.push(role('worker', { ...shared, ...data, ...slot, TRAWL_API_URL: apiUrl, TRAWL_API_KEY: keys.worker }));
    }
    await Promise.all(roles.map((each) => each.start()));
    client = createClient({ baseUrl: apiUrl, apiKey: keys.scientist });
  }, 180_000);

  afterAll(async () => {
    await Promise.all(roles.map((each) => each.stop('SIGTERM')));
    await balancer?.close();
    await database?.drop();
    await redis?.stop();
    await s3?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }, 180_000);

  it('tells the same story as one machine', { timeout: 300_000 }, async () => {
    const stranger = createClient({ baseUrl: `http://127.0.0.1:${balancer.port}` });
    await expect(stranger.sweeps.submit(SPEC, 'application/json')).rejects.toMatchObject({ status: 401 });
    const [firstApi, secondApi, firstScheduler, secondScheduler] = roles;
    const disturbed = await tell(client, async (when) => {
      if (when === 'search') {
        await Promise.all([firstApi?.stop('SIGKILL'), firstScheduler?.stop('SIGKILL')]);
      } else if (when === 'refit') {
        await Promise.all([firstApi?.start(), firstScheduler?.start()]);
        await Promise.all([secondApi?.stop('SIGTERM'), secondScheduler?.stop('SIGTERM')]);
      } else {
        await Promise.all([secondApi?.start(), secondScheduler?.start()]);
      }
    });
    expect([...balancer.served.values()].every((connections) => connections > 0)).toBe(true);

    const dataDir = join(folder, 'alone');
    const env = { TRAWL_DATA_DIR: dataDir, TRAWL_PORT: '0' };
    vi.stubEnv('TRAWL_BACKEND', 'wasm').stubEnv('TRAWL_THREADS', '1');
    const alone = await startStack({
      config: { ...readConfig(env), dataRoots: [folder] },
      slots: 2,
      say: () => {},
    });
    try {
      expect(disturbed).toEqual(await tell(createClient({ baseUrl: alone.apiUrl }), async () => {}));
    } finally {
      vi.unstubAllEnvs();
      await alone.stop();
    }
  });
});
