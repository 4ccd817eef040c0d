/** Of a list of milliseconds. */
export function percentiles(ms: readonly number[]): { p50Ms: number; p95Ms: number; worstMs: number } {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (part: number): number => Number((sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN).toFixed(1));
  return { p50Ms: at(0.5), p95Ms: at(0.95), worstMs: at(1) };
}

/** How long one call takes. @throws what it throws */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await call();
  return performance.now() - began;
}

/** Reads an answer whole. @throws unless it has the status */
export async function fetched(url: string, init: RequestInit = {}, status = 200): Promise<string> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (answer.status !== status) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}
