const QUIET_MS = 10_000;

/** Passes errors on, the same message at most once in 10 s: a lost connection fails many times a second. */
export function reporter(onError: ((error: Error) => void) | undefined): (error: Error) => void {
  const last = { message: '', at: Number.NEGATIVE_INFINITY };
  return (error) => {
    const now = performance.now();
    if (error.message === last.message && now - last.at < QUIET_MS) return;
    last.message = error.message;
    last.at = now;
    onError?.(error);
  };
}
