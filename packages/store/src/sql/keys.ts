import type { Statement } from '../statement.js';

/** $1 key, $2 seconds. Of many requests at once only one writes. */
export const touchKey: Statement = {
  name: 'touch_key',
  text: `
    update api_key set last_used_at = now()
    where id = $1 and (last_used_at is null or last_used_at < now() - make_interval(secs => $2))`,
};
