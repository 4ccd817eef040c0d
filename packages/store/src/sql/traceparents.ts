import type { Statement } from '../statement.js';

/** $1 runs. */
export const traceparents: Statement = {
  text: `
    select run.id, sweep.traceparent from run join sweep on sweep.id = run.sweep_id
    where run.id = any($1::uuid[]) and sweep.traceparent is not null`,
};
