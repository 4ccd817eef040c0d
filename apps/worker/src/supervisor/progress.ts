export interface Progress {
  epoch: number;
  epochs: number;
  step: number;
}

const EVERY_MS = 1_000;

/** Writes where a run stands, at most once a second, the newest only. */
export function progressWriter(write: (at: Progress) => Promise<unknown>, everyMs = EVERY_MS) {
  let next: Progress | null = null;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  const send = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const at = next;
    next = null;
    if (at === null || closed) return writing;
    // It is for people to look at: a failure shows where it matters, at the next metric.
    writing = write(at).then(
      () => {},
      () => {},
    );
    return writing;
  };

  return {
    set({ epoch, epochs, step }: Progress): void {
      next = { epoch, epochs, step };
      timer ??= setTimeout(() => void writing.then(send), everyMs);
    },
    /** Resolves when the newest is written. */
    settled: (): Promise<void> => writing.then(send),
    close(): void {
      closed = true;
      clearTimeout(timer);
    },
  };
}
