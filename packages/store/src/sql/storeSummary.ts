import type { Statement } from '../statement.js';

/** $1 run, $2 name ids, $3 values. */
export const storeSummary: Statement = {
  text: `
    insert into run_summary (run_id, name_id, value)
    select $1, s.name_id, s.value from unnest($2::int2[], $3::float8[]) as s (name_id, value)
    on conflict (run_id, name_id) do update set value = excluded.value`,
};
