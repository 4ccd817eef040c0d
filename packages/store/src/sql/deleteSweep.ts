import type { Statement } from '../statement.js';

/** $1 sweep. The files of its artifacts that nobody else's refer to. */
export const filesOnlyOfSweep: Statement = {
  text: `
    select distinct a.sha256
    from run r join artifact a on a.run_id = r.id
    where r.sweep_id = $1
      and not exists (
        select from artifact other left join run o on o.id = other.run_id
        where other.sha256 = a.sha256 and o.sweep_id is distinct from $1)`,
};

/** Each $1 sweep, in this order. Locking the runs waits for writes under way, so that no point comes after its run has gone. */
export const deleteSweep: Statement[] = [
  { text: 'select id from run where sweep_id = $1 order by id for update' },
  { text: 'delete from metric_point where run_id in (select id from run where sweep_id = $1)' },
  { text: 'update stage set selected_cell_id = null where sweep_id = $1' },
  { text: 'delete from run where sweep_id = $1' },
  { text: 'delete from stage where sweep_id = $1' },
  { text: 'delete from cell where sweep_id = $1' },
  { text: 'delete from sweep where id = $1' },
];
