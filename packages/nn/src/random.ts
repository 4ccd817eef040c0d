import { createHash } from 'node:crypto';
import type { RandomStream, RandomStreams } from './contract.js';

/**
 * xoshiro128** (Blackman and Vigna 2018), its 128 bits of state taken from SHA-256 of seed and purpose:
 * streams are independent whatever the seeds are, and seed 0 is a seed like any other.
 */
class Xoshiro implements RandomStream {
  /** Four words of state. A typed array, so that no draw allocates. */
  readonly #words = new Int32Array(4);
  /** The polar method makes normals in pairs: the one not handed out yet. */
  #spare: number | null = null;
  readonly #label: string;

  constructor(seed: number, purpose: string) {
    this.#label = purpose;
    const digest = createHash('sha256').update(`${seed}/${purpose}`).digest();
    for (let i = 0; i < 4; i += 1) this.#words[i] = digest.readInt32LE(4 * i);
  }

  /** 32 random bits as an unsigned integer. */
  #next(): number {
    const words = this.#words;
    const w0 = words[0] ?? 0;
    const w1 = words[1] ?? 0;
    const w2 = words[2] ?? 0;
    const w3 = words[3] ?? 0;
    const times5 = Math.imul(w1, 5);
    const second = w2 ^ w0;
    const third = w3 ^ w1;
    words[0] = w0 ^ third;
    words[1] = w1 ^ second;
    words[2] = second ^ (w1 << 9);
    words[3] = (third << 11) | (third >>> 21);
    return Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
  }

  uniform(): number {
    // 53 bits: 26 high ones of one draw, 27 of the next.
    return ((this.#next() >>> 6) * 134_217_728 + (this.#next() >>> 5)) / 9_007_199_254_740_992;
  }

  /**
   * Marsaglia's polar method: it needs only log and sqrt, which every V8 computes alike
   * (its sin and cos changed by an ulp between releases).
   */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const r = x * x + y * y;
      if (r < 1 && r > 0) {
        const scale = Math.sqrt((-2 * Math.log(r)) / r);
        this.#spare = y * scale;
        return x * scale;
      }
    }
  }

  int(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1 || n > 4_294_967_296) {
      throw new RangeError(`int(n): n was ${n}; allowed: 1 to 2^32`);
    }
    // Draws above the largest multiple of n are thrown away, so that no value is favoured.
    const limit = 4_294_967_296 - (4_294_967_296 % n);
    for (;;) {
      const draw = this.#next();
      if (draw < limit) return draw % n;
    }
  }

  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i -= 1) {
      const j = this.int(i + 1);
      [order[i], order[j]] = [order[j] ?? j, order[i] ?? i];
    }
    return order;
  }

  normals(n: number): Float32Array {
    const out = new Float32Array(n);
    for (let i = 0; i < n; i += 1) out[i] = this.normal();
    return out;
  }

  uniforms(n: number, low: number, high: number): Float32Array {
    const out = new Float32Array(n);
    for (let i = 0; i < n; i += 1) out[i] = low + (high - low) * this.uniform();
    return out;
  }

  state(): string {
    const words = [...this.#words].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    return this.#spare === null ? words : `${words}:${this.#spare}`;
  }

  restore(state: string): void {
    const match = /^([0-9a-f]{32})(?::(.+))?$/.exec(state);
    const spare = match?.[2] === undefined ? null : Number(match[2]);
    if (match?.[1] === undefined || Number.isNaN(spare)) {
      throw new RangeError(
        `random stream ${this.#label}: the state was ${JSON.stringify(state)}, which state() never wrote`,
      );
    }
    for (let i = 0; i < 4; i += 1) this.#words[i] = Number.parseInt(match[1].slice(8 * i, 8 * i + 8), 16);
    this.#spare = spare;
  }
}

/** One generator per purpose (`weights`, `shuffle`, `noise`), all from one seed (any safe integer). */
export function randomStreams(seed: number): RandomStreams {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed: was ${seed}; allowed: an integer within ±(2^53 - 1)`);
  const streams = new Map<string, Xoshiro>();
  const get = (purpose: string): Xoshiro => {
    const known = streams.get(purpose);
    if (known) return known;
    const fresh = new Xoshiro(seed, purpose);
    streams.set(purpose, fresh);
    return fresh;
  };
  return {
    get,
    state: () => Object.fromEntries([...streams].map(([purpose, stream]) => [purpose, stream.state()])),
    restore(state) {
      // A stream that the state does not name had not been drawn from: back to its start.
      for (const [purpose, stream] of streams) stream.restore(new Xoshiro(seed, purpose).state());
      for (const [purpose, saved] of Object.entries(state)) get(purpose).restore(saved);
    },
  };
}
