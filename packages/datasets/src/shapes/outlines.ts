import type { RandomState } from '../random.js';

export interface Pixel {
  row: number;
  column: number;
}

/* Shapes as scikit-image 0.19 draws them (`draw/_random_shapes.py`), with its quirks: sizes are those that it really makes. */

const SMALLEST = 11;
const LARGEST = 13;
const RADIUS = 5;

/** One shape (0 rectangle, 1 circle, 2 triangle, 3 ellipse) somewhere in a picture; null where it does not fit. */
export function drawOutline(kind: number, size: number, random: RandomState): Pixel[] | null {
  const column = random.upTo(size - SMALLEST - 1);
  const row = random.upTo(size - SMALLEST - 1);
  const at = { row, column };
  switch (kind) {
    case 0:
      return rectangle(at, size, random);
    case 1:
      return circle(at, size);
    case 2:
      return triangle(at, size, random);
    default:
      return ellipse(at, size, random);
  }
}

/** randint(max(1, n)): 0..n-1. */
const below = (n: number, random: RandomState): number => random.upTo(Math.max(1, n) - 1);

function within(
  size: number,
  top: number,
  bottom: number,
  left: number,
  right: number,
  inside: (p: Pixel) => boolean,
): Pixel[] {
  const pixels: Pixel[] = [];
  for (let row = Math.max(0, top); row <= Math.min(size - 1, bottom); row++) {
    for (let column = Math.max(0, left); column <= Math.min(size - 1, right); column++) {
      if (inside({ row, column })) pixels.push({ row, column });
    }
  }
  return pixels;
}

function rectangle({ row, column }: Pixel, size: number, random: RandomState): Pixel[] {
  const side = (from: number): number => SMALLEST - 1 + below(Math.min(size - from, LARGEST) - SMALLEST, random);
  const [height, width] = [side(row), side(column)];
  return within(size, row, row + height, column, column + width, () => true);
}

/** Pixels to the nearest border. */
const room = ({ row, column }: Pixel, size: number): number => Math.min(row, size - row, column, size - column);

function circle(at: Pixel, size: number): Pixel[] | null {
  if (room(at, size) < RADIUS) return null;
  const { row, column } = at;
  return within(size, row - RADIUS, row + RADIUS, column - RADIUS, column + RADIUS, (p) => {
    const [down, right] = [p.row - row, p.column - column];
    return down * down + right * right < RADIUS * RADIUS;
  });
}

/** Upright, its base on `row`; what lies above the picture is cut off. */
function triangle({ row, column }: Pixel, size: number, random: RandomState): Pixel[] {
  const side = SMALLEST - 1 + below(Math.min(size - column, row, LARGEST) - SMALLEST, random);
  const height = Math.ceil(Math.sqrt(0.75) * side);
  const apex = Math.floor(side / 2);
  return within(size, row - height, row, column, column + side, (p) => {
    const [up, right] = [row - p.row, p.column - column];
    // Borders are inside: whole numbers, nothing rounds.
    return right * height >= apex * up && (side - right) * height >= (side - apex) * up;
  });
}

function ellipse(at: Pixel, size: number, random: RandomState): Pixel[] | null {
  const [least, most] = [SMALLEST / 2, LARGEST / 2];
  const free = Math.min(room(at, size), most);
  if (free < least) return null;
  const radius = (): number => least + (free + 1 - least) * random.uniform();
  const [rows, columns] = [radius(), radius()];
  const { cos, sin } = direction(random);
  const { row, column } = at;
  const reach = Math.ceil(Math.max(rows, columns));
  return within(size, row - reach, row + reach, column - reach, column + reach, (p) => {
    const [down, right] = [p.row - row, p.column - column];
    const along = (down * cos + right * sin) / rows;
    const across = (down * sin - right * cos) / columns;
    return along * along + across * across < 1;
  });
}

/** Of a random angle, without the functions that machines round differently. */
function direction(random: RandomState): { cos: number; sin: number } {
  for (;;) {
    const [x, y] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
    const square = x * x + y * y;
    if (square > 1 || square < 0.01) continue;
    const length = Math.sqrt(square);
    return { cos: x / length, sin: y / length };
  }
}
