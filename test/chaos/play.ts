import { seededRandom } from '@trawl/search';
import { until } from '../support/processes.js';
import { brokenInvariants } from './invariants.js';
import { PATIENCE_MS, watchForStarvation } from './patience.js';
import { type Scenario, STUB } from './scenario.js';
import { LEASE_SECONDS, openSite, type QueueKind, type Site } from './site.js';

/** One line of the suite's output. */
export interface Played {
  scenario: string;
  queue: QueueKind;
  seed: number;
  ok: boolean;
  /** What was found wrong. */
  violations: string[];
  runs: number;
  attempts: number;
  /** Attempts that failed or were lost. */
  failures: number;
  /** How many of them ended how. */
  ends: Record<string, number>;
  seconds: number;
  /** For how long this process stood still at most. Above 250 the machine may have cost leases. */
  stoodMs: number;
}

type Counts = Pick<Played, 'runs' | 'attempts' | 'failures' | 'ends'>;

const CELLS = 6;

const UNHARMED = new Set<unknown>(['succeeded', 'paused', 'drained', null]);

/**
 * Plays a scenario on a service of its own and looks what is broken.
 * @param unsafe protections that are off: TRAWL_UNSAFE
 */
export async function play(
  scenario: Scenario,
  options: { queue: QueueKind; seed: number; unsafe?: string; endMs?: number },
): Promise<Played> {
  const { queue, seed, unsafe = '', endMs = PATIENCE_MS } = options;
  const began = performance.now();
  const site = await openSite({ queue, dice: seededRandom(seed), unsafe });
  const starvation = watchForStarvation(LEASE_SECONDS);
  const violations: string[] = [];
  let counts: Counts = { runs: 0, attempts: 0, failures: 0, ends: {} };
  try {
    counts = await stage(site, scenario, violations, endMs, () => starvation.end().starved);
  } catch (error) {
    violations.push(error instanceof Error ? error.message : String(error));
  }
  const left = await site.close();
  if (left.length > 0) violations.push(`processes were left: ${left.join(' ')}`);
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  const { longestMs: stoodMs } = starvation.end();
  return { scenario: scenario.name, queue, seed, ok: violations.length === 0, violations, ...counts, seconds, stoodMs };
}

async function stage(
  site: Site,
  scenario: Scenario,
  violations: string[],
  endMs: number,
  starved: () => boolean,
): Promise<Counts> {
  const { cells = CELLS, stub = {}, execution = {}, mostFailures = Infinity, overlap = false } = scenario;
  const params = { ...STUB, ...stub };
  await site.teach(params);
  const env = (await scenario.worker?.(site)) ?? {};
  const workers = Array.from({ length: scenario.workers ?? 2 }, () => site.startWorker(env));
  const within = scenario.api?.(site);
  await Promise.all([site.startApi(within === undefined ? {} : { within }), site.startScheduler(), ...workers]);
  const sweepId = await site.submit(cells, execution);
  violations.push(...((await scenario.play(site, sweepId)) ?? []));
  const state = async (): Promise<unknown> => (await site.sql('select state::text from sweep'))[0]?.['state'];
  await until('the sweep to succeed', async () => (await state()) === 'succeeded', endMs).catch(() => {});
  const steps = params.epochs * params.steps_per_epoch;
  // Whom the machine gives no time loses leases: that it costs nothing else must hold all the same.
  const most = starved() ? Infinity : mostFailures;
  violations.push(...(await brokenInvariants(site, sweepId, { cells, steps, mostFailures: most, overlap })));
  const attempts = await site.sql('select run_id, "end"::text from attempt');
  const ends: Record<string, number> = {};
  for (const { end } of attempts) {
    if (!UNHARMED.has(end)) ends[String(end)] = (ends[String(end)] ?? 0) + 1;
  }
  const failures = Object.values(ends).reduce((sum, n) => sum + n, 0);
  return { runs: new Set(attempts.map((each) => each['run_id'])).size, attempts: attempts.length, failures, ends };
}
