import { Client } from 'pg';
import { z } from 'zod';
import type { Notification } from './types.js';

export interface Listener {
  close(): Promise<void>;
}

const RETRY_MS = 1_000;

const NotificationPayload = z.object({
  kind: z.enum(['run', 'stage', 'sweep', 'control']),
  sweepId: z.string().exactOptional(),
  runId: z.string().exactOptional(),
});

/**
 * Calls `onNotify` for every notification on channel `trawl`. A connection that breaks is made again,
 * once a second, and `resync` then says that some may have been missed. Throws when the first one cannot be made.
 */
export async function listen(databaseUrl: string, onNotify: (notification: Notification) => void): Promise<Listener> {
  let closed = false;
  let client: Client | null = null;
  let retry: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const next = new Client({ connectionString: databaseUrl, keepAlive: true, application_name: 'trawl listen' });
    next.on('notification', ({ payload }) => {
      const notification = parse(payload ?? '');
      if (notification !== null) onNotify(notification);
    });
    // 'error' may come without 'end' and the other way round; both mean that this connection is over.
    next.on('error', () => lose(next));
    next.on('end', () => lose(next));
    try {
      await next.connect();
      await next.query('listen trawl');
    } catch (error) {
      await next.end().catch(() => undefined);
      throw error;
    }
    client = next;
    if (closed) await next.end();
  };

  const lose = (lost: Client): void => {
    if (client !== lost) return;
    client = null;
    void lost.end().catch(() => undefined);
    again();
  };

  const again = (): void => {
    if (closed) return;
    retry = setTimeout(() => {
      connect().then(() => onNotify({ kind: 'resync' }), again);
    }, RETRY_MS);
  };

  await connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(retry);
      const open = client;
      client = null;
      await open?.end();
    },
  };
}

/** Anybody with the password may notify anything: what is not ours is null. */
function parse(payload: string): Notification | null {
  try {
    return NotificationPayload.parse(JSON.parse(payload));
  } catch {
    return null;
  }
}
