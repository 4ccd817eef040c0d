import type { Statement } from '../statement.js';

/** $1 sweeps. Answered from the index on (sweep_id, state) alone. */
export const countRunsOfSweeps: Statement = {
  text: 'select sweep_id as id, state, count(*)::int as n from run where sweep_id = any($1::uuid[]) group by sweep_id, state',
};

/** $1 sweep. */
export const countRunsOfStages: Statement = {
  text: `
    select sr.stage_id as id, r.state, count(*)::int as n
    from stage st join stage_run sr on sr.stage_id = st.id join run r on r.id = sr.run_id
    where st.sweep_id = $1
    group by sr.stage_id, r.state`,
};

/** $1 sweep. */
export const countCellsOfStages: Statement = {
  text: `
    select sc.stage_id as id, count(sc.ordinal)::int as n
    from stage st join stage_cell sc on sc.stage_id = st.id
    where st.sweep_id = $1
    group by sc.stage_id`,
};
