import { EventEmitter } from 'node:events';
import type { Notification } from '@trawl/store';

const ANY = Symbol('any sweep');

/**
 * Tells waiting event streams of this process that a sweep has something new. A wake-up carries no
 * data and may be lost or come in vain: readers go by sequence numbers in the database.
 */
export class Wakeups {
  readonly #bus = new EventEmitter().setMaxListeners(0);

  /** Takes what the store's `listen` hears. */
  notify({ kind, sweepId }: Notification): void {
    const woken = kind === 'resync' || sweepId === undefined ? this.#bus.eventNames() : [sweepId, ANY];
    for (const name of woken) this.#bus.emit(name);
  }

  /** Resolves at the next wake-up of the sweep (null: of any), after `timeoutMs`, or when `signal` aborts. Never rejects. */
  next(sweepId: string | null, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#bus.off(sweepId ?? ANY, done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#bus.on(sweepId ?? ANY, done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}
