import type { Fault } from '@trawl/spec';

/** Collects a file's faults: the same complaint about many trials becomes one fault that shows the first. */
export class Complaints {
  readonly #at: string;
  readonly #found = new Map<string, { given: string | undefined; allowed: string; times: number }>();

  constructor(at: string) {
    this.#at = at;
  }

  add(message: string, given: string | undefined, allowed: string): void {
    const same = this.#found.get(message);
    if (same) same.times++;
    else this.#found.set(message, { given, allowed, times: 1 });
  }

  faults(): Fault[] {
    return [...this.#found].map(([message, { given, allowed, times }]) => ({
      path: this.#at,
      message,
      ...(given === undefined ? {} : { given: times > 1 ? `${given}, and ${times - 1} more` : given }),
      allowed,
    }));
  }
}
