import type { Statement } from '../statement.js';

/** $1 runs. Whether one may be claimed only the claim says. */
export const runDemand: Statement = {
  text: `
    select r.id, c.model,
           case when r.failure_class = 'out_of_memory' then 1
                else coalesce((st.plan -> 'execution' ->> 'gpuShare')::float8, 1) end as "gpuShare"
    from run r join stage st on st.id = r.stage_id join cell c on c.id = r.cell_id
    where r.id = any($1::uuid[])`,
};
