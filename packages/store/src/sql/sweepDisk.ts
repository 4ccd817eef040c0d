import type { Statement } from '../statement.js';

/** $1 sweep. */
export const sweepDisk: Statement = {
  text: `
    select count(*)::int as files, coalesce(sum(size), 0)::float8 as bytes
    from (
      select distinct a.sha256, a.size from run r join artifact a on a.run_id = r.id where r.sweep_id = $1
    ) file`,
};
