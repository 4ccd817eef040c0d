import type { Statement } from '../statement.js';
import { holds, unsafeName } from './fenced.js';

/** $1 run, $2 fence, $3 epoch, $4 epochs, $5 step. */
export const reportProgress = (options: { fence: boolean }): Statement => ({
  name: unsafeName('report_progress', options.fence),
  text: `update run set epoch = $3, epochs = $4, step = $5 where id = $1 and ${holds(options.fence)}`,
});
