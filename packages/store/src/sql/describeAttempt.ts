import type { Statement } from '../statement.js';
import { heldRun } from './fenced.js';

/** $1 run, $2 fence, $3 BackendInfo as JSON. */
export const describeAttempt = (options: { fence: boolean }): Statement => ({
  text: `
    with held as (${heldRun(options.fence)})
    update attempt set backend = $3::json from held where attempt.run_id = held.id and attempt.fence = $2`,
});
