import type { Statement } from '../statement.js';

const LOCK = 7_238_004;

/** Held by a backup, in its session. While it is, no file is deleted: what the backup's snapshot names stays. */
export const lockForBackup: Statement = { text: `select pg_advisory_lock(${LOCK})` };

/** For the rest of the transaction no backup begins; `free` is false where one is being made. */
export const noBackup: Statement = { text: `select pg_try_advisory_xact_lock_shared(${LOCK}) as free` };
