import type { RandomState } from '../random.js';

/** Pixels. */
export const RADIUS = 5.5;
const SLOWEST = 0.8;
const FASTEST = 2.2;
/** Small enough that no ball goes through another. */
const STEPS_PER_FRAME = 8;

export interface Ball {
  row: number;
  column: number;
  /** Pixels a frame. */
  down: number;
  right: number;
}

/** Balls that do not touch, each on its way. */
export function throwBalls(count: number, size: number, random: RandomState): Ball[] {
  const balls: Ball[] = [];
  const place = (): number => RADIUS + (size - 2 * RADIUS) * random.uniform();
  while (balls.length < count) {
    const [row, column] = [place(), place()];
    if (balls.some((other) => squared(other.row - row, other.column - column) < 4 * RADIUS * RADIUS)) continue;
    balls.push({ row, column, ...velocity(random) });
  }
  return balls;
}

const squared = (a: number, b: number): number => a * a + b * b;

function velocity(random: RandomState): { down: number; right: number } {
  for (;;) {
    const [y, x] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
    const square = squared(y, x);
    if (square > 1 || square < 0.01) continue;
    const speed = (SLOWEST + (FASTEST - SLOWEST) * random.uniform()) / Math.sqrt(square);
    return { down: speed * y, right: speed * x };
  }
}

/** One frame on: off the walls, and off each other without loss, all of one mass. Adds, multiplies and takes roots only. */
export function move(balls: readonly Ball[], size: number): Ball[] {
  let now = balls.map((ball) => ({ ...ball }));
  for (let step = 0; step < STEPS_PER_FRAME; step++) {
    for (const ball of now) {
      ball.row += ball.down / STEPS_PER_FRAME;
      ball.column += ball.right / STEPS_PER_FRAME;
    }
    now = now.map((ball) => offWalls(ball, size));
    for (const [i, ball] of now.entries()) for (const other of now.slice(i + 1)) collide(ball, other);
  }
  return now;
}

function offWalls(ball: Ball, size: number): Ball {
  const [low, high] = [RADIUS, size - RADIUS];
  const down = ball.row < low ? Math.abs(ball.down) : ball.row > high ? -Math.abs(ball.down) : ball.down;
  const right = ball.column < low ? Math.abs(ball.right) : ball.column > high ? -Math.abs(ball.right) : ball.right;
  return { row: ball.row, column: ball.column, down, right };
}

/** Exchanges what two balls that touch and near each other have of speed along the line between them. */
function collide(a: Ball, b: Ball): void {
  const [down, right] = [b.row - a.row, b.column - a.column];
  const distance = squared(down, right);
  if (distance >= 4 * RADIUS * RADIUS || distance === 0) return;
  const nearing = ((a.down - b.down) * down + (a.right - b.right) * right) / distance;
  if (nearing <= 0) return;
  a.down -= nearing * down;
  a.right -= nearing * right;
  b.down += nearing * down;
  b.right += nearing * right;
}
