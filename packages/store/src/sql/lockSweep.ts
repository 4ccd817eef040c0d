import type { Statement } from '../statement.js';

/** $1 sweep. Everybody who changes a state in a sweep takes this first. */
export const lockSweep: Statement = {
  name: 'lock_sweep',
  text: 'select id, state from sweep where id = $1 for no key update',
};

/** $1 run. */
export const lockSweepOfRun: Statement = {
  name: 'lock_sweep_of_run',
  text: 'select id, state from sweep where id = (select sweep_id from run where id = $1) for no key update',
};

/** $1 runs. In order, so that two who lock several never wait for each other in a circle. */
export const lockSweepsOfRuns: Statement = {
  name: 'lock_sweeps_of_runs',
  text: `
    select id from sweep where id in (select sweep_id from run where id = any($1::uuid[]))
    order by id for no key update`,
};

/** $1 stage. */
export const lockSweepOfStage: Statement = {
  name: 'lock_sweep_of_stage',
  text: 'select id, state from sweep where id = (select sweep_id from stage where id = $1) for no key update',
};
