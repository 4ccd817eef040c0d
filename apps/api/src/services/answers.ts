import type { Events } from '@trawl/store';

interface Kept<T> {
  /** Newest event of the sweep when the answer was begun. */
  seq: number;
  answer: Promise<T>;
  weight: number;
}

/**
 * Answers that take long to work out, kept until something happens in their sweep: whatever changes one is an event
 * of the sweep, in the same transaction. A finished sweep of 100,000 runs is ranked as a whole once.
 */
export class Answers<T> {
  readonly #events: Pick<Events, 'last'>;
  readonly #weigh: (answer: T) => number;
  readonly #most: number;
  /** The one asked for longest ago first. */
  readonly #kept = new Map<string, Kept<T>>();

  /** @param most what all answers together may weigh; the newest stays whatever it weighs */
  constructor(events: Pick<Events, 'last'>, { weigh, most }: { weigh: (answer: T) => number; most: number }) {
    this.#events = events;
    this.#weigh = weigh;
    this.#most = most;
  }

  async of(sweepId: string, question: object, work: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([sweepId, question]);
    const seq = await this.#events.last(sweepId);
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    if (known?.seq === seq) {
      this.#kept.set(key, known);
      return known.answer;
    }
    const kept: Kept<T> = { seq, answer: work(), weight: 0 };
    this.#kept.set(key, kept);
    try {
      const answer = await kept.answer;
      kept.weight = this.#weigh(answer);
      this.#makeRoom(key);
      return answer;
    } catch (error) {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
      throw error;
    }
  }

  #makeRoom(newest: string): void {
    let weight = [...this.#kept.values()].reduce((sum, each) => sum + each.weight, 0);
    for (const [key, each] of this.#kept) {
      if (weight <= this.#most) return;
      if (key === newest) continue;
      weight -= each.weight;
      this.#kept.delete(key);
    }
  }
}
