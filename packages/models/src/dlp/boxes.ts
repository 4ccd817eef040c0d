/** A particle's box in shares of the image, and how certain the model is of it. */
export interface Box {
  particle: number;
  row: number;
  column: number;
  height: number;
  width: number;
  /** -(sum of the offset's log-variances) times transparency. */
  score: number;
}

const LEAST_SCORE = 2;

/** How much two intervals have in common, each its middle and its size. */
const along = (at: number, size: number, other: number, otherSize: number): number =>
  Math.max(0, Math.min(at + size / 2, other + otherSize / 2) - Math.max(at - size / 2, other - otherSize / 2));

function overlap(a: Box, b: Box): number {
  const both = along(a.row, a.height, b.row, b.height) * along(a.column, a.width, b.column, b.width);
  return both / (a.height * a.width + b.height * b.width - both);
}

/** Boxes of some certainty, most certain first, without those that overlap a better one by `most` or more (IoU). */
export function shownBoxes(boxes: readonly Box[], most: number): Box[] {
  const kept: Box[] = [];
  for (const box of boxes.filter(({ score }) => score >= LEAST_SCORE).toSorted((a, b) => b.score - a.score)) {
    if (kept.every((better) => overlap(better, box) < most)) kept.push(box);
  }
  return kept;
}
