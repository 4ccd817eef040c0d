/** How long a claim or a renewal holds, by the clock of Postgres; a worker that is silent for so long counts as dead. */
export const LEASE_SECONDS = 30;

export const LEASE = `interval '${LEASE_SECONDS} seconds'`;
