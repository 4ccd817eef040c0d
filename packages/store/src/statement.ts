import type { ClientBase, Pool, QueryResultRow } from 'pg';

/**
 * One SQL statement. A named one is prepared once a connection, for those that run all the time, and keeps the plan
 * that was right when it was: one with joins may have been planned for tables that were empty, and is better planned anew.
 */
export interface Statement {
  text: string;
  name?: string;
}

export type Queryable = Pick<Pool | ClientBase, 'query'>;

export async function rows<Row extends QueryResultRow>(
  on: Queryable,
  statement: Statement,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await on.query<Row>({ ...statement, values: [...values] });
  return result.rows;
}

export async function row<Row extends QueryResultRow>(
  on: Queryable,
  statement: Statement,
  values: readonly unknown[] = [],
): Promise<Row | null> {
  return (await rows<Row>(on, statement, values))[0] ?? null;
}

/** How many rows the statement changed. */
export async function changed(on: Queryable, statement: Statement, values: readonly unknown[] = []): Promise<number> {
  const result = await on.query({ ...statement, values: [...values] });
  return result.rowCount ?? 0;
}
