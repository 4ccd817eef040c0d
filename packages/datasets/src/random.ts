const SIZE = 624;
const SHIFT = 397;

/**
 * MT19937 with the draws of numpy's `RandomState`, bit for bit: BehaveNet splits its trials with it, and the
 * generators use it too because it gives the same numbers on every machine.
 * An integer seeds as `RandomState(seed)`, a list as `RandomState([a, b, ...])`; each is 0..2^32-1.
 * Source: Matsumoto and Nishimura 1998; numpy's `_mt19937.c` and `distributions.c` (legacy draws).
 */
export class RandomState {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  constructor(seed: number | readonly number[]) {
    if (typeof seed === 'number') this.#seed(seed);
    else this.#seedByList(seed);
  }

  #seed(seed: number): void {
    const state = this.#state;
    let previous = seed >>> 0;
    state[0] = previous;
    for (let i = 1; i < SIZE; i++) {
      previous = (Math.imul(1812433253, previous ^ (previous >>> 30)) + i) >>> 0;
      state[i] = previous;
    }
  }

  #seedByList(key: readonly number[]): void {
    this.#seed(19650218);
    const state = this.#state;
    const at = (i: number) => state[i] ?? 0;
    let i = 1;
    let j = 0;
    const step = () => {
      i++;
      if (i < SIZE) return;
      state[0] = at(SIZE - 1);
      i = 1;
    };
    for (let k = Math.max(SIZE, key.length); k > 0; k--) {
      const previous = at(i - 1);
      state[i] = (at(i) ^ Math.imul(previous ^ (previous >>> 30), 1664525)) + (key[j] ?? 0) + j;
      step();
      j = (j + 1) % key.length;
    }
    for (let k = SIZE - 1; k > 0; k--) {
      const previous = at(i - 1);
      state[i] = (at(i) ^ Math.imul(previous ^ (previous >>> 30), 1566083941)) - i;
      step();
    }
    state[0] = 0x80000000;
  }

  #twist(): void {
    const state = this.#state;
    let k = 1;
    let m = SHIFT;
    for (let i = 0; i < SIZE; i++) {
      const y = ((state[i] ?? 0) & 0x80000000) | ((state[k] ?? 0) & 0x7fffffff);
      state[i] = (state[m] ?? 0) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      k = k === SIZE - 1 ? 0 : k + 1;
      m = m === SIZE - 1 ? 0 : m + 1;
    }
    this.#next = 0;
  }

  /** 0..2^32-1. */
  uint32(): number {
    if (this.#next >= SIZE) this.#twist();
    let y = this.#state[this.#next++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** [0, 1) with 53 random bits: `random_sample()`. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** 0..max, both included, max below 2^32: draws are masked and drawn again while too large, as numpy does. */
  upTo(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    let value: number;
    do value = (this.uint32() & mask) >>> 0;
    while (value > max);
    return value;
  }

  /** `permutation(n)`: 0..n-1 in random order. */
  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.upTo(i);
      const swapped = order[i] ?? 0;
      order[i] = order[j] ?? 0;
      order[j] = swapped;
    }
    return order;
  }

  /** `choice(n, size, replace=False)`. */
  choice(n: number, size: number): number[] {
    return this.permutation(n).slice(0, size);
  }
}
