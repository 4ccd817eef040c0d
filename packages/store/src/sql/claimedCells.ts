import type { Statement } from '../statement.js';

/**
 * $1 runs: what to train, the weights to start from where its stage says so, and as JSON the uploaded weights that its
 * parameters name.
 */
export const claimedCells: Statement = {
  text: `
    select r.id as run_id, c.hash, c.model, c.model_version, c.params, c.dataset, sc.point,
           st.plan -> 'execution' as execution, coalesce(st.plan -> 'from' ->> 'artifact', st.plan ->> 'weights') as weights,
           w.id as weights_id, w.name as weights_name, w.sha256 as weights_sha256,
           w.size::float8 as weights_size, w.epoch as weights_epoch, w.step as weights_step,
           (select coalesce(json_agg(f), '[]') from (
              select distinct on (a.sha256) a.id, a.name, a.sha256, a.size, a.epoch, a.step from artifact a
              where a.run_id is null and a.kind = 'weights'
                and a.sha256 in (select substr(value, 8) from json_each_text(c.params) where value like 'sha256:%')
              order by a.sha256, a.id desc) f) as files
    from run r
    join cell c on c.id = r.cell_id
    join stage st on st.id = r.stage_id
    join stage_cell sc on sc.stage_id = r.stage_id and sc.cell_id = r.cell_id
    left join lateral (
      select a.* from artifact a
      where (a.run_id = r.parent_run_id and st.plan -> 'from' ->> 'artifact' in (a.name, a.kind::text))
         or (a.run_id is null and a.kind = 'weights' and a.sha256 = st.plan ->> 'weights')
      order by a.id desc limit 1
    ) w on true
    where r.id = any($1::uuid[])`,
};
