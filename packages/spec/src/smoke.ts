/** The spec with its `smoke` override applied, for tiny trials. */
export function applySmoke(raw: unknown): unknown {
  throw new Error(`not built: ${typeof raw}`);
}
