import type { Params } from '@trawl/spec';

/** A number as sentences show it. */
export const brief = (value: number): string => String(Number(value.toPrecision(4)));

/** `alpha = 50, beta = 1`. */
export function pointWords(point: Params): string {
  const parts = Object.entries(point).map(([axis, value]) => `${axis} = ${JSON.stringify(value)}`);
  return parts.length === 0 ? 'the only cell' : parts.join(', ');
}

export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
