import type { Place, Rooms } from './rooms.js';

/** What takes jobs from the queue. */
interface Taps {
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/**
 * Lets runs in as there is room. One that fits on no device now waits here, alone, and nothing overtakes it: else
 * small runs would keep a large one out for ever. While it waits, or all is full, no further job is taken.
 */
export interface Gate {
  /** null: not now, somebody else may have it. */
  enter(share: number, prefer: (free: readonly number[]) => number): Promise<Place | null>;
  leave(slot: number): void;
  /** Nobody is let in any more. */
  close(): void;
}

export function openGate(rooms: Rooms, taps: () => Taps | null, onError: (error: unknown) => void): Gate {
  let waiting: {
    share: number;
    prefer: (free: readonly number[]) => number;
    let: (place: Place | null) => void;
  } | null = null;
  let shut = false;
  let closed = false;

  const turn = (): void => {
    const wanted = waiting !== null || rooms.full;
    const tap = taps();
    if (closed || wanted === shut || tap === null) return;
    shut = wanted;
    (shut ? tap.pause() : tap.resume()).catch(onError);
  };

  return {
    async enter(share, prefer) {
      if (closed || waiting !== null) return null;
      const place = rooms.take(share, prefer);
      if (place !== null || rooms.full) {
        turn();
        return place;
      }
      return new Promise((resolve) => {
        waiting = { share, prefer, let: resolve };
        turn();
      });
    },
    leave(slot) {
      rooms.give(slot);
      if (waiting !== null && !closed) {
        const place = rooms.take(waiting.share, waiting.prefer);
        if (place !== null) {
          waiting.let(place);
          waiting = null;
        }
      }
      turn();
    },
    close() {
      closed = true;
      waiting?.let(null);
      waiting = null;
    },
  };
}
