import type { Distribution } from '@trawl/spec';
import type { Random } from './random.js';

/** A distribution over seeds, with its 95 % interval. Without `random` the bootstrap draws from a fixed seed. */
export function distribution(values: readonly number[], random?: Random): Distribution {
  throw new Error(`not built: ${values.length} ${random === undefined}`);
}

/** 95 % t interval of the mean; null for n < 2. */
export function tInterval(values: readonly number[]): [number, number] | null {
  throw new Error(`not built: ${values.length}`);
}

/** 95 % bias-corrected and accelerated bootstrap interval of the mean. */
export function bcaInterval(values: readonly number[], random: Random): [number, number] {
  throw new Error(`not built: ${values.length} ${random()}`);
}

/** `a - b` over the seeds that both have (values by seed), always with a t interval; null without a common seed. */
export function pairedDifference(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): Distribution | null {
  throw new Error(`not built: ${a.size} ${b.size}`);
}
