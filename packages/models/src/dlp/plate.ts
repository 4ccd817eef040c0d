import { png } from '../png.js';
import type { Box } from './boxes.js';

/** Row and column in -1..1; colours come round again. */
interface Point {
  row: number;
  column: number;
  colour: number;
}

export interface PlateRow {
  /** [images, size, size, 3], 0..255. */
  pixels: ArrayLike<number>;
  /** Of each image. */
  points: readonly (readonly Point[])[];
  boxes: readonly (readonly Box[])[];
}

/** Images side by side, a row for each view of them. */
export interface Plate {
  size: number;
  images: number;
  rows: readonly PlateRow[];
}

const GAP = 4;
/** Cells of about so many pixels: a marker hides little of them. */
const CELL = 160;
const COLOURS = [
  [230, 25, 75],
  [255, 225, 25],
  [60, 180, 75],
  [245, 130, 48],
  [145, 30, 180],
  [240, 50, 230],
  [250, 190, 212],
  [170, 110, 40],
  [255, 255, 255],
  [128, 0, 0],
  [0, 0, 0],
] as const;

/** As PNG, enlarged by whole pixels, on white. */
export function plateOf({ size, images, rows }: Plate): Uint8Array {
  const times = Math.max(1, Math.round(CELL / size));
  const side = size * times;
  const height = rows.length * (side + GAP) + GAP;
  const width = images * (side + GAP) + GAP;
  const canvas = new Uint8Array(height * width * 3).fill(255);
  rows.forEach(({ pixels, points, boxes }, r) => {
    for (let image = 0; image < images; image += 1) {
      const [top, left] = [GAP + r * (side + GAP), GAP + image * (side + GAP)];
      const set = (y: number, x: number, colour: ArrayLike<number>): void => {
        if (y < 0 || y >= side || x < 0 || x >= side) return;
        for (let c = 0; c < 3; c += 1) canvas[((top + y) * width + left + x) * 3 + c] = colour[c] ?? 0;
      };
      for (let y = 0; y < side; y += 1) {
        for (let x = 0; x < side; x += 1) {
          const from = ((image * size + Math.floor(y / times)) * size + Math.floor(x / times)) * 3;
          set(y, x, [pixels[from] ?? 0, pixels[from + 1] ?? 0, pixels[from + 2] ?? 0]);
        }
      }
      for (const point of points[image] ?? []) cross(set, point, side);
      for (const box of boxes[image] ?? []) frame(set, box, side);
    }
  });
  return png(canvas, height, width);
}

type Set = (y: number, x: number, colour: ArrayLike<number>) => void;

const colourOf = (i: number): ArrayLike<number> => COLOURS[i % COLOURS.length] ?? COLOURS[0];

/** Clamped to the image, as the original does. */
function cross(set: Set, { row, column, colour }: Point, side: number): void {
  const at = (value: number): number => Math.round(((Math.min(1, Math.max(-1, value)) + 1) / 2) * (side - 1));
  const [y, x] = [at(row), at(column)];
  for (let d = -5; d <= 5; d += 1) {
    for (const thick of [0, 1]) {
      set(y + d, x + thick, colourOf(colour));
      set(y + thick, x + d, colourOf(colour));
    }
  }
}

function frame(set: Set, { row, column, height, width, particle }: Box, side: number): void {
  const at = (value: number): number => Math.round(value * side);
  const [top, bottom, left, right] = [row - height / 2, row + height / 2, column - width / 2, column + width / 2].map(
    at,
  );
  for (let x = left ?? 0; x <= (right ?? 0); x += 1) {
    for (const y of [top ?? 0, (top ?? 0) + 1, bottom ?? 0, (bottom ?? 0) - 1]) set(y, x, colourOf(particle));
  }
  for (let y = top ?? 0; y <= (bottom ?? 0); y += 1) {
    for (const x of [left ?? 0, (left ?? 0) + 1, right ?? 0, (right ?? 0) - 1]) set(y, x, colourOf(particle));
  }
}
