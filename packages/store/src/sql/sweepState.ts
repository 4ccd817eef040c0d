import type { Statement } from '../statement.js';

/** $1 sweep, $2 state. The caller holds the sweep's lock and has looked at the state it leaves. */
export const setSweepState: Statement = {
  name: 'set_sweep_state',
  text: `
    update sweep
    set state = $2::sweep_state,
        finished_at = case when $2::sweep_state in ('succeeded', 'failed', 'cancelled') then now() end
    where id = $1`,
};
