import type { FromTrainer } from '@trawl/spec';

/** Messages that may wait in this process before the training loop waits for them. */
const HIGH_WATER = 64;

export interface Channel {
  /** In order; never waits. */
  post(message: FromTrainer): void;
  /** Resolves when few messages wait: a supervisor that cannot keep up slows training instead of filling memory. */
  room(): Promise<void>;
  /** Resolves when the supervisor's end of the channel has everything. */
  drained(): Promise<void>;
}

export function openChannel(send: (message: FromTrainer, done: (error: Error | null) => void) => void): Channel {
  let waiting = 0;
  let sleepers: { limit: number; wake: () => void }[] = [];

  const below = (limit: number): Promise<void> =>
    waiting <= limit ? Promise.resolve() : new Promise((wake) => sleepers.push({ limit, wake }));

  return {
    post(message) {
      waiting += 1;
      // A send that fails has lost the supervisor: 'disconnect' ends this process.
      send(message, () => {
        waiting -= 1;
        for (const { limit, wake } of sleepers) if (waiting <= limit) wake();
        sleepers = sleepers.filter(({ limit }) => waiting > limit);
      });
    },
    room: () => below(HIGH_WATER),
    drained: () => below(0),
  };
}
