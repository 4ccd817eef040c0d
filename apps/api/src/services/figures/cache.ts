import { createHash } from 'node:crypto';
import type { Job, Renderer } from '@trawl/figures/renderer';
import { LRUCache } from 'lru-cache';

/** Bytes of drawings kept in memory. */
const KEPT_BYTES = 128_000_000;

/** Draws what it has not drawn before. The same key at once is drawn once. */
export class Drawings {
  readonly #renderer: Renderer;
  readonly #drawn = new LRUCache<string, Uint8Array>({
    maxSize: KEPT_BYTES,
    sizeCalculation: (bytes) => Math.max(1, bytes.byteLength),
  });
  readonly #underWay = new Map<string, Promise<Uint8Array>>();

  constructor(renderer: Renderer) {
    this.#renderer = renderer;
  }

  /** Hex. */
  static keyOf(parts: unknown): string {
    // Numbers that JSON has not are told apart: a figure says which they are.
    const text = JSON.stringify(parts, (_, value: unknown) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    );
    return createHash('sha256').update(text).digest('hex');
  }

  async draw(key: string, load: () => Promise<Job>): Promise<Uint8Array> {
    const before = this.#drawn.get(key) ?? this.#underWay.get(key);
    if (before !== undefined) return before;
    const drawing = load().then((job) => this.#renderer.draw(job));
    this.#underWay.set(key, drawing);
    try {
      const bytes = await drawing;
      this.#drawn.set(key, bytes);
      return bytes;
    } finally {
      this.#underWay.delete(key);
    }
  }

  warm(): Promise<void> {
    return this.#renderer.warm();
  }

  close(): Promise<void> {
    return this.#renderer.close();
  }
}
