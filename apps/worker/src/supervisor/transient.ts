/*
 * Whether a statement that failed may succeed when sent again. SQLSTATE classes: 08 connection, 40 rollback
 * (serialisation, deadlock), 53 resources, 57 operator intervention (restart), 58 system error; 25006 a server that
 * is read-only while another takes over. Errors without
 * one never reached the server or lost the connection.
 */
const TRANSIENT_SQLSTATE = /^((08|40|53|57|58)...|25006)$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** Prisma's own: connection and pool (P1xxx, P2024), write conflict (P2034), too many connections (P2037). */
const PRISMA = /^P\d{4}$/;
const TRANSIENT_PRISMA = /^(P1\d{3}|P2024|P2034|P2037)$/;

export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (PRISMA.test(code)) return TRANSIENT_PRISMA.test(code);
  if (SQLSTATE.test(code)) return TRANSIENT_SQLSTATE.test(code);
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
}
