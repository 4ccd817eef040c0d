import type { Pool, PoolClient } from 'pg';
import { appendEvents, EVENT_LOCK, lockEvents } from './sql/appendEvents.js';
import { changed, rows } from './statement.js';
import { type StateChange, stateChange } from './stateChange.js';
import type { EventType, Notification } from './types.js';

/** A transaction that says at its end what happened in it. */
export interface Tx {
  readonly client: PoolClient;
  /** An event of the sweep, and the notification that goes with it. `from`, `stageId`: see Emitted. */
  emit(sweepId: string, type: EventType, data: Record<string, unknown>, from?: string | null, stageId?: string): void;
  /** Has logs tell of a change that makes no event; null: there was none. */
  log(change: StateChange | null): void;
  /** A notification alone. */
  notify(notification: Notification): void;
}

export interface Emitted {
  sweepId: string;
  type: EventType;
  data: Record<string, unknown>;
  /** The state before; null: there was none; absent: that from which alone it can have come. */
  from?: string | null | undefined;
  /** Of a run: the stage that made it. Logs name it; the event does not, which all followers of the sweep are sent. */
  stageId?: string | undefined;
}

const listeners = new WeakMap<Pool, (change: StateChange) => void>();

/** Has `listener` hear of each state that transactions of this pool change, once they are committed. */
export const onCommitted = (pool: Pool, listener: (change: StateChange) => void): void =>
  void listeners.set(pool, listener);

const DEADLOCK = '40P01';

/**
 * Runs `work` in a transaction and appends the events it emitted as its last act: the lock that puts
 * all events in the order of their commits is held for two statements only. It costs nothing more,
 * since Postgres lets transactions that notify commit one at a time anyway.
 *
 * Lock order, everywhere: sweep, then runs by id, then events.
 */
export async function transact<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await transactOnce(pool, work);
    } catch (error) {
      const deadlock = error instanceof Error && 'code' in error && error.code === DEADLOCK;
      if (!deadlock || tries === 3) throw error;
    }
  }
}

const SERIALIZATION = '40001';

/**
 * Runs `work` in a transaction that sees the database as of its begin. What it writes can be derived again: it is not waited for
 * until it is on the disk. Where another was faster at writing it is done again.
 */
export async function snapshot<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await inTransaction(
        pool,
        'begin isolation level repeatable read; set local synchronous_commit = off',
        work,
      );
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === SERIALIZATION)) throw error;
    }
  }
}

async function transactOnce<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const emitted: Emitted[] = [];
  const changes: StateChange[] = [];
  const note = (change: StateChange | null): void => void (change !== null && changes.push(change));
  const notifications: Notification[] = [];
  const result = await inTransaction(pool, 'begin', async (client) => {
    const done = await work({
      client,
      emit(sweepId, type, data, from, stageId) {
        const event = { sweepId, type, data, from, stageId };
        emitted.push(event);
        note(stateChange(event));
      },
      log: note,
      notify: (notification) => notifications.push(notification),
    });
    await flush(client, emitted, notifications);
    return done;
  });
  const listener = listeners.get(pool);
  if (listener !== undefined) for (const change of changes) listener(change);
  return result;
}

async function inTransaction<T>(pool: Pool, begin: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that cannot even roll back must not return to the pool.
    await client.query('rollback').catch((cause: unknown) => {
      broken = cause instanceof Error ? cause : new Error(String(cause));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

async function flush(client: PoolClient, emitted: Emitted[], notifications: Notification[]): Promise<void> {
  if (emitted.length > 0) await rows(client, lockEvents, [EVENT_LOCK]);
  for (const [sweepId, events] of groupBySweep(emitted)) {
    await changed(client, appendEvents, [
      sweepId,
      events.length,
      events.map((event) => event.type),
      events.map((event) => JSON.stringify(event.data)),
    ]);
  }
  const payloads = [
    ...emitted.map(({ sweepId, type, data }) => ({ kind: type, sweepId, ...runIdOf(data) })),
    ...notifications,
  ].map((payload) => JSON.stringify(payload));
  if (payloads.length > 0) {
    await client.query("select pg_notify('trawl', payload) from unnest($1::text[]) payload", [payloads]);
  }
}

const runIdOf = (data: Record<string, unknown>): { runId?: string } =>
  typeof data['runId'] === 'string' ? { runId: data['runId'] } : {};

function groupBySweep(emitted: Emitted[]): Map<string, Emitted[]> {
  const groups = new Map<string, Emitted[]>();
  for (const event of emitted) {
    const group = groups.get(event.sweepId);
    if (group === undefined) groups.set(event.sweepId, [event]);
    else group.push(event);
  }
  return groups;
}
