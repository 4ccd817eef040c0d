import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@trawl/search';
import { openSite, type Site } from '../chaos/site.js';
import { openDatabase, type Database } from './database.js';
import { type Profile, profileOf } from './profile.js';
import { findPeer, peer, sqlAlchemyUrl } from './python.js';
import { say } from './say.js';
import { mapValues, residentMegabytes, sum, usageByRole } from './usage.js';

const WORKERS = 2;
const SLOTS = 8;
const SEEDS = 2;
const IDLE_SECONDS = 15;
const PEER_RUNS = { noop: 200, second: 64 };
const PEER_SECONDS = 90;

type Peers = Record<'ray' | 'optuna', { found: boolean; about: string }>;

interface Orchestrated {
  runs: number;
  slots: number;
  secondsPerRun: number;
  wallSeconds: number;
  minimumSeconds: number;
  /** Wall time over the least possible; null where that is 0. */
  ratio: number | null;
  runsPerSecond: number;
  lost: number;
  duplicated: number;
  commitsPerRun: number;
  /** Of the machine, over the last minute, when the measurement ended; ours is part of it. */
  load: number;
  /** By role; null where there is no /proc. */
  cpuMillisecondsPerRun: Record<string, number> | null;
  /** Resident, of each worker's supervisor: before and after. */
  supervisorMegabytes: { before: (number | null)[]; after: (number | null)[] };
  /** null: not here; text: why there is no figure. */
  peers: { ray: Peer; optuna: Peer };
}

type Peer = Record<string, unknown> | string | null;

/**
 * What trawl itself costs: runs that do nothing, and runs of a second, on 2 workers of 8 slots, with the processes of
 * production and fsync on, from the POST until the sweep has succeeded. And what the whole stack costs while it idles.
 */
export async function orchestration(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      noop: { type: 'string', default: '2000' },
      second: { type: 'string', default: '320' },
      profile: { type: 'string' },
    },
  });
  const peers = {
    ray: await findPeer(['ray', 'ray.tune']),
    optuna: await findPeer(['optuna', 'psycopg2']),
  };
  const results: Orchestrated[] = [];
  let idle: object | null = null;
  for (const [seconds, runs] of [
    [0, Number(values.noop)],
    [1, Number(values.second)],
  ] as const) {
    if (runs === 0) continue;
    say(`${runs} runs of ${seconds} s`);
    const measured = await measure(runs, seconds, profileOf(values.profile), peers, idle === null);
    results.push(measured.result);
    idle ??= measured.idle;
  }
  return { results, idle, peersNote: `${peers.ray.about}; ${peers.optuna.about}` };
}

async function measure(runs: number, seconds: number, profile: Profile, peers: Peers, withIdle: boolean) {
  const { env, settings } = profile;
  const site = await openSite({ queue: 'postgres', dice: seededRandom(1), durable: true, env, settings });
  try {
    await site.teach({ epochs: 1, steps_per_epoch: 1, ms_per_step: seconds * 1_000, checkpoint_steps: 0 });
    const worker = { TRAWL_SLOTS: String(SLOTS), TRAWL_LOG_LEVEL: 'info', TRAWL_WARM_RUNS: '100000', ...env };
    await Promise.all([site.startApi(), site.startScheduler()]);
    await Promise.all(Array.from({ length: WORKERS }, () => site.startWorker(worker)));
    const database = await openDatabase(site.databaseUrl);
    try {
      // Trainers are warm before the clock starts.
      await database.succeeded(await site.submit((2 * WORKERS * SLOTS) / SEEDS));
      await profile.begin(database);
      const result = await timed(site, database, runs, seconds, peers);
      await profile.end(database);
      return { result, idle: withIdle ? await idling(site) : null };
    } finally {
      await database.close();
    }
  } finally {
    await site.close();
  }
}

async function timed(
  site: Site,
  database: Database,
  runs: number,
  seconds: number,
  peers: Peers,
): Promise<Orchestrated> {
  const commits = await database.commits();
  const usage = usageByRole(site);
  const supervisors = site.workers.map(({ pid }) => pid);
  const before = supervisors.map(residentMegabytes);
  const began = performance.now();
  const sweep = await site.submit(runs / SEEDS);
  await database.succeeded(sweep, (done) => say(`  ${done} of ${runs}`));
  const wallSeconds = (performance.now() - began) / 1_000;
  const used = usageByRole(site);
  const { ok, attempts } = await database.counts(sweep);
  const minimumSeconds = (runs * seconds) / (WORKERS * SLOTS);
  return {
    runs,
    slots: WORKERS * SLOTS,
    secondsPerRun: seconds,
    wallSeconds: round(wallSeconds, 2),
    minimumSeconds,
    ratio: minimumSeconds === 0 ? null : round(wallSeconds / minimumSeconds, 3),
    runsPerSecond: round(runs / wallSeconds, 1),
    lost: runs - ok,
    duplicated: attempts - ok,
    commitsPerRun: round(((await database.commits()) - commits) / runs, 1),
    load: round(loadavg()[0] ?? 0, 1),
    cpuMillisecondsPerRun:
      used === null || usage === null
        ? null
        : mapValues(used, (role, cpu) => round(((cpu - (usage[role] ?? 0)) / runs) * 1_000, 2)),
    supervisorMegabytes: { before, after: supervisors.map(residentMegabytes) },
    peers: await peersOf(site, seconds, peers),
  };
}

/** The same runs, fewer, by the peers: Ray in reused actors, Optuna on the same Postgres. */
async function peersOf(site: Site, seconds: number, { ray, optuna }: Peers): Promise<Orchestrated['peers']> {
  const runs = String(seconds === 0 ? PEER_RUNS.noop : PEER_RUNS.second);
  const slots = String(WORKERS * SLOTS);
  const url = sqlAlchemyUrl(site.databaseUrl, 'optuna');
  if (optuna.found) await site.sql('create database optuna');
  say(`peers: ${ray.about}; ${optuna.about}`);
  return {
    optuna: optuna.found ? await peer('optuna_noop.py', [url, runs, slots, String(seconds)], PEER_SECONDS) : null,
    ray: ray.found ? await peer('ray_noop.py', [runs, slots, String(seconds)], PEER_SECONDS) : null,
  };
}

/** Part of a core that each role takes while nothing happens, in percent. */
async function idling(site: Site) {
  say(`idle for ${IDLE_SECONDS} s`);
  // Trainers that wait for a run are left alone: they end by themselves after a while.
  await sleep(3_000);
  const before = usageByRole(site);
  await sleep(IDLE_SECONDS * 1_000);
  const after = usageByRole(site);
  if (before === null || after === null) return null;
  const percent = mapValues(after, (role, cpu) => round(((cpu - (before[role] ?? 0)) / IDLE_SECONDS) * 100, 2));
  return { seconds: IDLE_SECONDS, percentOfACore: percent, total: round(sum(Object.values(percent)), 2) };
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
