/** Postgres cannot be reached, or lets nobody in: what it said, and what to do about it. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
}

/** Codes of Node's sockets and names, and Postgres's classes 08 (connection), 53 and 57P (not now). */
const AWAY =
  /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|E(HOST|NET)UNREACH|EPIPE|08...|53...|57P..)$/;
/** Of a login, and of a database that there is not. */
const REFUSED = /^(28...|3D...)$/;
/** `pg` gives its own no code. */
const OWN = /timeout|connection terminated|does not support SSL/i;

/**
 * Work on a database that a person named.
 * @throws DatabaseError where it cannot be reached or refuses; whatever else `work` throws
 */
export async function onDatabase<T>(databaseUrl: string, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  try {
    return await work(databaseUrl);
  } catch (error) {
    throw faultOf(error, databaseUrl) ?? error;
  }
}

function faultOf(error: unknown, databaseUrl: string): DatabaseError | null {
  if (!(error instanceof Error)) return null;
  const { host, pathname } = new URL(databaseUrl);
  const database = `the database ${pathname.slice(1)} at ${host}`;
  const code = 'code' in error ? String(error.code) : '';
  // Refused on both IPv4 and IPv6 it is an AggregateError without a message.
  const why = error.message === '' ? code : error.message;
  if (REFUSED.test(code)) {
    return new DatabaseError(`${database} lets nobody in: ${why}; correct DATABASE_URL`, { cause: error });
  }
  if (!AWAY.test(code) && !(code === '' && OWN.test(why))) return null;
  return new DatabaseError(`${database} does not answer: ${why}; start Postgres there, or correct DATABASE_URL`, {
    cause: error,
  });
}
