/** How long a claim or a renewal holds, by the clock of Postgres; a worker that is silent for so long counts as dead. */
export const LEASE_SECONDS = 30;

/** As SQL. */
export const interval = (seconds: number): string => `interval '${seconds} seconds'`;
