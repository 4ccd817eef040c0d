/** Tasks done one by one, in the order in which they came. The first that throws stops the rest. */
export interface InOrder {
  push(task: () => Promise<void>): void;
  /** Tasks not yet done. */
  readonly size: number;
  /** Forgets the tasks that have not begun; later ones are refused. */
  abandon(): void;
  /** Resolves when nothing is left to do (or all is abandoned, the task in hand included). */
  settled(): Promise<void>;
}

export function inOrder(onError: (error: unknown) => void): InOrder {
  const tasks: (() => Promise<void>)[] = [];
  let pumping: Promise<void> | null = null;
  const givenUp = new AbortController();
  const whenGivenUp = new Promise<void>((resolve) => {
    givenUp.signal.addEventListener('abort', () => resolve(), { once: true });
  });

  const abandon = (): void => {
    tasks.length = 0;
    givenUp.abort();
  };

  const pump = async (): Promise<void> => {
    let task = tasks[0];
    while (task !== undefined) {
      try {
        await task();
      } catch (error) {
        if (!givenUp.signal.aborted) {
          abandon();
          onError(error);
        }
      }
      tasks.shift();
      task = tasks[0];
    }
    pumping = null;
  };

  return {
    push(task) {
      if (givenUp.signal.aborted) return;
      tasks.push(task);
      pumping ??= pump();
    },
    get size() {
      return tasks.length;
    },
    abandon,
    settled: () => Promise.race([pumping ?? Promise.resolve(), whenGivenUp]),
  };
}
