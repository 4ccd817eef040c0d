import type { Statement } from '../statement.js';
import { alive } from './workers.js';

export const runsByState: Statement = { text: 'select state, count(*)::int as n from run group by state' };

export const sweepsByState: Statement = { text: 'select state, count(*)::int as n from sweep group by state' };

/** Dispatched or not: what more workers would take. */
export const runsWaiting: Statement = {
  text: `
    select count(*)::int as n from run join sweep on sweep.id = run.sweep_id
    where run.state = 'queued' and sweep.state in ('running', 'awaiting_review')`,
};

export const attemptsByEnd: Statement = {
  text: 'select "end", count(*)::int as n from attempt where "end" is not null group by "end"',
};

/** By Postgres's own count, which it keeps anyway: counting rows would read all of them. */
export const pointsIngested: Statement = {
  text: "select coalesce(sum(n_tup_ins), 0)::float8 as n from pg_stat_user_tables where relname = 'metric_point'",
};

export const workersAlive = (leaseSeconds: number): Statement => ({
  text: `select capability, count(*)::int as n from worker w where ${alive(leaseSeconds)} group by capability`,
});
