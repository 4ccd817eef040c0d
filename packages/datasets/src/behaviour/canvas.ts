import { clamp, smoothstep } from './exact.js';

/** A point with the radius of the shape there, in units of the figure's square: 0..1 from left and top. */
export interface Joint {
  x: number;
  y: number;
  radius: number;
}

/** A tube of varying radius along its joints, one shade, darker towards its rim. */
export interface Part {
  joints: readonly Joint[];
  /** 0 black, 1 white. */
  shade: number;
  /** How much darker the rim is than the middle, 0..1. */
  rim?: number;
}

/** Width in pixels over which an edge fades. */
const EDGE = 1.6;

/** A grey picture, [height x width] intensities in 0..1; the figure's square stands in its middle. */
export class Canvas {
  readonly height: number;
  readonly width: number;
  readonly pixels: Float64Array;
  readonly #side: number;
  readonly #left: number;
  readonly #top: number;

  constructor(height: number, width: number) {
    this.height = height;
    this.width = width;
    this.pixels = new Float64Array(height * width);
    this.#side = Math.min(height, width);
    this.#left = (width - this.#side) / 2;
    this.#top = (height - this.#side) / 2;
  }

  /** A number for every pixel, from where its middle is in the figure's units. */
  field(at: (x: number, y: number) => number): Float64Array {
    return this.pixels.map((_, i) =>
      at(
        ((i % this.width) + 0.5 - this.#left) / this.#side,
        (Math.floor(i / this.width) + 0.5 - this.#top) / this.#side,
      ),
    );
  }

  paint({ joints, shade, rim = 0 }: Part): void {
    const side = this.#side;
    const tubes = segments(joints);
    const margin = EDGE / side;
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const { x, y, radius } of joints) {
      left = Math.min(left, x - radius - margin);
      right = Math.max(right, x + radius + margin);
      top = Math.min(top, y - radius - margin);
      bottom = Math.max(bottom, y + radius + margin);
    }
    const firstColumn = clamp(Math.floor(left * side + this.#left), 0, this.width);
    const lastColumn = clamp(Math.ceil(right * side + this.#left), 0, this.width);
    const firstRow = clamp(Math.floor(top * side + this.#top), 0, this.height);
    const lastRow = clamp(Math.ceil(bottom * side + this.#top), 0, this.height);
    for (let row = firstRow; row < lastRow; row++) {
      const y = (row + 0.5 - this.#top) / side;
      for (let column = firstColumn; column < lastColumn; column++) {
        const x = (column + 0.5 - this.#left) / side;
        let depth = -Infinity;
        let radius = 1;
        for (let k = 0; k < tubes.length; k += FIELDS) {
          const fromX = x - (tubes[k] ?? 0);
          const fromY = y - (tubes[k + 1] ?? 0);
          const along = clamp(fromX * (tubes[k + 4] ?? 0) + fromY * (tubes[k + 5] ?? 0), 0, 1);
          const offX = fromX - along * (tubes[k + 2] ?? 0);
          const offY = fromY - along * (tubes[k + 3] ?? 0);
          const here = (tubes[k + 6] ?? 0) + along * (tubes[k + 7] ?? 0);
          const within = here - Math.sqrt(offX * offX + offY * offY);
          if (within <= depth) continue;
          depth = within;
          radius = here;
        }
        const cover = smoothstep(0.5 + (depth * side) / EDGE);
        if (cover === 0) continue;
        const colour = rim === 0 ? shade : shade * (1 - rim * (1 - smoothstep(depth / radius)));
        const i = row * this.width + column;
        this.pixels[i] = (this.pixels[i] ?? 0) * (1 - cover) + colour * cover;
      }
    }
  }
}

const FIELDS = 8;

/**
 * The straight pieces of a tube, FIELDS numbers each: start, way to the end, what projects a point on it (0 at the
 * start, 1 at the end), radius and its change. Flat, because reading objects of many shapes took most of the time.
 */
function segments(joints: readonly Joint[]): Float64Array {
  const starts = joints.length > 1 ? joints.slice(0, -1) : joints;
  const flat = starts.flatMap((start, k) => {
    const end = joints[k + 1] ?? start;
    const dx = end.x - start.x;
    const dy = end.y - start.y;
    const square = dx * dx + dy * dy;
    const along = square === 0 ? [0, 0] : [dx / square, dy / square];
    return [start.x, start.y, dx, dy, ...along, start.radius, end.radius - start.radius];
  });
  return Float64Array.from(flat);
}
