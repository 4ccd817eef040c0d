import { createHash } from 'node:crypto';
import { LocalArtifacts } from '@trawl/store';
import type { Testimony } from '../support/worker.js';
import type { Site } from './site.js';
import { overlaps } from './violations.js';

export interface Expected {
  cells: number;
  /** Of each run. */
  steps: number;
  /** Failures that a run may have: 0 where nothing may be lost. */
  mostFailures: number;
  /** A worker was frozen: its trainer went on, unheard, while another had the run. */
  overlap: boolean;
}

const SEEDS = 2;

/**
 * What is wrong with a sweep that should have succeeded, by the database and by what trainers wrote down
 * themselves. Empty: nothing.
 */
export async function brokenInvariants(site: Site, sweepId: string, expected: Expected): Promise<string[]> {
  const found = await Promise.all([
    finishedOnce(site, sweepId, expected),
    wholeCurves(site, sweepId, expected),
    leases(site),
    asWitnessed(site, sweepId, expected),
    wholeFiles(site, sweepId),
    gaplessEvents(site, sweepId),
  ]);
  return found.flat();
}

/** Each cell and seed has one run, succeeded, by one attempt. */
async function finishedOnce(site: Site, sweepId: string, { cells, mostFailures }: Expected): Promise<string[]> {
  const wrong: string[] = [];
  const [sweep] = await site.sql('select state::text from sweep where id = $1', [sweepId]);
  if (sweep?.['state'] !== 'succeeded') wrong.push(`the sweep is ${String(sweep?.['state'])}`);
  const runs = await site.sql(
    `select run.id, run.state::text, run.failures, count(*) over (partition by cell_id, seed) as twins,
       a.succeeded, a.open, a.ends
     from run join lateral (
       select count(*) filter (where "end" = 'succeeded') as succeeded, count(*) filter (where ended_at is null) as open,
              string_agg(concat_ws(': ', "end", left(message, 300)), '; ' order by fence) as ends
       from attempt where run_id = run.id
     ) a on true where sweep_id = $1`,
    [sweepId],
  );
  if (runs.length !== cells * SEEDS) wrong.push(`${runs.length} runs instead of ${cells * SEEDS}`);
  for (const { id, state, failures, twins, succeeded, open, ends } of runs) {
    const say = (what: string): unknown => wrong.push(`run ${String(id)}: ${what}`);
    if (state !== 'succeeded') say(`is ${String(state)}`);
    if (Number(twins) !== 1) say('shares its cell and seed with another');
    if (Number(succeeded) !== 1) say(`${String(succeeded)} attempts succeeded`);
    if (Number(open) !== 0) say(`${String(open)} attempts never ended`);
    if (Number(failures) > mostFailures)
      say(`${String(failures)} failures, ${mostFailures} expected at most (${String(ends)})`);
  }
  return wrong;
}

/** Every step's number is there once, and sums to the same end for the same seed, however often it was cut. */
async function wholeCurves(site: Site, sweepId: string, { steps }: Expected): Promise<string[]> {
  const broken = await site.sql(
    `select run.id, p.n, p.first, p.last from run left join lateral (
       select count(*) as n, min(step) as first, max(step) as last, bool_and(value = step) as own
       from metric_point join metric_name on metric_name.id = name_id
       where run_id = run.id and name = 'tick' and split = 0
     ) p on true
     where sweep_id = $1 and not (p.n = $2 and p.first = 1 and p.last = $2 and p.own)`,
    [sweepId, steps],
  );
  const ends = await site.sql(
    `select seed, count(distinct value) as n from run join run_summary on run_id = run.id
     join metric_name on metric_name.id = name_id
     where sweep_id = $1 and name = 'train.walk' group by seed having count(distinct value) <> 1`,
    [sweepId],
  );
  return [
    ...broken.map(
      ({ id, n, first, last }) => `run ${String(id)}: ${String(n)} steps, ${String(first)}..${String(last)}`,
    ),
    ...ends.map(({ seed, n }) => `seed ${String(seed)}: ended in ${String(n)} different places`),
  ];
}

/** Nothing runs without a lease that somebody renews. */
async function leases(site: Site): Promise<string[]> {
  const stuck = await site.sql(
    `select id from run where state = 'running' and (lease_until is null or worker_id is null or lease_until < now())`,
  );
  return stuck.map(({ id }) => `run ${String(id)}: running without a lease`);
}

/** The numbers are those of the attempts that held the run, and the attempt that succeeded did train to the end. */
async function asWitnessed(site: Site, sweepId: string, { overlap }: Expected): Promise<string[]> {
  const wrong: string[] = [];
  const byRun = new Map<string, Testimony[]>();
  for (const line of site.witness()) byRun.set(line.runId, [...(byRun.get(line.runId) ?? []), line]);
  const runs = await site.sql(
    `select run.id, (select max(fence) from attempt where run_id = run.id and "end" = 'succeeded') as author,
       (select array_agg(value::int order by step) from metric_point join metric_name on metric_name.id = name_id
        where run_id = run.id and name = 'pid' and split = 0) as pids,
       (select value::int from run_summary join metric_name on metric_name.id = name_id
        where run_id = run.id and name = 'train.pid') as summary
     from run where sweep_id = $1`,
    [sweepId],
  );
  for (const { id, author, pids, summary } of runs) {
    const lines = byRun.get(String(id)) ?? [];
    const say = (what: string): unknown => wrong.push(`run ${String(id)}: ${what}`);
    // It may be trained to its end twice: a worker that dies before it could say so is not believed.
    const overlapping = overlaps(lines).filter((what) => !what.startsWith('trained to its end'));
    if (!overlap) for (const what of overlapping) say(what);
    const ended = lines.some(({ event, how, fence }) => event === 'end' && how === 'succeeded' && fence === author);
    if (!ended) say(`succeeded by attempt ${String(author)}, which did not train to its end`);
    const fenceOf = new Map(lines.map(({ pid, fence }) => [pid, fence]));
    const writers = Array.isArray(pids) ? pids.map((pid) => fenceOf.get(Number(pid)) ?? -1) : [];
    if (writers.some((fence, i) => fence < (writers[i - 1] ?? fence)))
      say(`was written by fences ${writers.join(' ')}`);
    // The last step may be another's: it resumed from there and had but to end.
    const summed = fenceOf.get(Number(summary));
    if (summed !== author) say(`has a summary of attempt ${summed}, succeeded by ${String(author)}`);
  }
  for (const id of byRun.keys()) if (!runs.some((run) => run['id'] === id)) wrong.push(`run ${id} is nobody's`);
  return wrong;
}

/** Every file that the database names is there, with that content. */
async function wholeFiles(site: Site, sweepId: string): Promise<string[]> {
  // As the api sees them: its disk may be mounted for it alone.
  const files = new LocalArtifacts(`/proc/${site.api.pid}/root${site.folder}/artifacts`);
  const rows = await site.sql(
    `select artifact.name, artifact.sha256, artifact.size, run_id from artifact join run on run.id = run_id
     where sweep_id = $1`,
    [sweepId],
  );
  const wrong: string[] = [];
  for (const { name, sha256, size, run_id } of rows) {
    const say = (what: string): unknown => wrong.push(`run ${String(run_id)}: ${String(name)} ${what}`);
    const file = await files.open(String(sha256));
    if (file === null) {
      say('is not there');
      continue;
    }
    const hash = createHash('sha256');
    for await (const chunk of file.stream) hash.update(chunk);
    if (file.size !== Number(size) || hash.digest('hex') !== sha256) say('is not what it was');
  }
  const without = await site.sql(
    `select id from run where sweep_id = $1 and not exists (select from artifact where run_id = run.id and kind = 'weights')`,
    [sweepId],
  );
  return [...wrong, ...without.map(({ id }) => `run ${String(id)}: no weights`)];
}

async function gaplessEvents(site: Site, sweepId: string): Promise<string[]> {
  const [events] = await site.sql(
    `select count(*) as n, max(seq) as last, min(seq) as first from event where sweep_id = $1`,
    [sweepId],
  );
  const { n, first, last } = events ?? {};
  return Number(first) === 1 && Number(n) === Number(last)
    ? []
    : [`${String(n)} events, numbered up to ${String(last)}`];
}
