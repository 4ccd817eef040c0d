import type { Statement } from '../statement.js';

/** $1 runs. Whether one may be claimed only the claim says. */
export const runDemand: Statement = {
  text: `
    select r.id, c.model,
           coalesce((st.plan -> 'execution' ->> 'gpuShare')::float8, 1) as "gpuShare",
           r.failure_class is not distinct from 'out_of_memory' as alone
    from run r join stage st on st.id = r.stage_id join cell c on c.id = r.cell_id
    where r.id = any($1::uuid[])`,
};
