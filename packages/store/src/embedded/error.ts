/** Why embedded Postgres cannot run here, and what to do about it. */
export class EmbeddedPostgresError extends Error {
  readonly code = 'embedded_postgres';
}
