/** When a call that may safely be repeated is repeated. */
export interface RetryPolicy {
  /** Calls in all; 1 never repeats. */
  attempts: number;
  /** The n-th wait lies between half of and all of `firstMs` x 2^(n-1), at most `longestMs`. */
  firstMs: number;
  longestMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

export const defaultRetry: RetryPolicy = { attempts: 4, firstMs: 200, longestMs: 10_000, random: cryptoRandom };

/** Milliseconds before attempt `attempt + 1`; `askedMs` is what the server's Retry-After says. */
export function waitBefore(attempt: number, policy: RetryPolicy, askedMs: number | null): number {
  const full = Math.min(policy.firstMs * 2 ** (attempt - 1), policy.longestMs);
  const jittered = full * (0.5 + 0.5 * policy.random());
  return Math.min(Math.max(jittered, askedMs ?? 0), policy.longestMs);
}

/** Answers that say "not now": overload and gateways whose service restarts. */
export const isTransient = (status: number): boolean => [429, 502, 503, 504].includes(status);

/** Rejects with an AbortError when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, ms);
    function done() {
      signal?.removeEventListener('abort', stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(new DOMException('The call was aborted while it waited to be repeated', 'AbortError'));
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function cryptoRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}
