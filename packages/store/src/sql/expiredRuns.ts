import type { Statement } from '../statement.js';

export const expiredRuns: Statement = {
  text: `
    select id, fence from run
    where state = 'running' and lease_until < now()
    order by lease_until limit 1000`,
};
