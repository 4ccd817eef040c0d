import type { Statement } from '../statement.js';

/**
 * Checkpoints that nothing resumes from any more: of runs that succeeded, and all of a finished sweep. (A retry
 * in a finished sweep starts from the beginning.) The three are names of its artifact, run and sweep.
 */
const spent = (artifact: string, run: string, sweep: string): string =>
  `${artifact}.kind = 'checkpoint' and (${run}.state = 'succeeded' or ${sweep}.state in ('succeeded', 'failed', 'cancelled'))`;

/** $1 seconds: those at least so old, by sweep; `young`: the rest. */
export const countSpent: Statement = {
  text: `
    select sweep_id as "sweepId", name as "sweepName",
           count(*) filter (where not young)::int as files,
           coalesce(sum(size) filter (where not young), 0)::float8 as bytes,
           count(*) filter (where young)::int as "youngFiles",
           coalesce(sum(size) filter (where young), 0)::float8 as "youngBytes"
    from (
      select distinct on (a.sha256) s.id as sweep_id, s.name, a.size,
             a.created_at > now() - make_interval(secs => $1) as young
      from artifact a join run r on r.id = a.run_id join sweep s on s.id = r.sweep_id
      where ${spent('a', 'r', 's')}
        and not exists (
          select from artifact other left join run o on o.id = other.run_id left join sweep os on os.id = o.sweep_id
          where other.sha256 = a.sha256
            and (${spent('other', 'o', 'os')}) is not true)
      order by a.sha256, a.created_at desc, a.id
    ) spent
    group by sweep_id, name
    order by sweep_id`,
};

/** $1 seconds: sweeps that have any at least so old. */
export const sweepsWithSpent: Statement = {
  text: `
    select distinct s.id, s.name
    from artifact a join run r on r.id = a.run_id join sweep s on s.id = r.sweep_id
    where ${spent('a', 'r', 's')} and a.created_at <= now() - make_interval(secs => $1)
    order by s.id`,
};

/** $1 seconds, $2 sweep, whose lock the caller holds: no retry comes in between. */
export const dropSpent: Statement = {
  text: `
    delete from artifact a using run r, sweep s
    where r.id = a.run_id and s.id = r.sweep_id and s.id = $2
      and ${spent('a', 'r', 's')} and a.created_at <= now() - make_interval(secs => $1)
    returning a.sha256, a.size::float8 as size`,
};
