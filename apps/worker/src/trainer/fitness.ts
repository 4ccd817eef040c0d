import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a run left behind in its process. */
export interface Done {
  /** It did not fail: trained to its end, or stopped when it was asked to. */
  well: boolean;
  /** Live tensors after the run less those before. */
  leaked: number;
}

/**
 * Growth over what the process held after its first run, when code, kernels and allocators are warm. Allocators
 * keep some of what larger runs freed; a start costs a second or two, a machine out of memory everything.
 */
const GROWTH_BYTES = 256 * 2 ** 20;

/**
 * Whether this process may train another run: never after a failure, nor with a tensor or much memory
 * more than before.
 * @param runs so many runs at most
 * @param residentBytes of this process; `collected`: its garbage not counted, which takes milliseconds to find out
 */
export function openFitness(runs: number, residentBytes: (collected: boolean) => number = resident) {
  let served = 0;
  let baseline: number | null = null;
  return {
    /** Why not, or null. */
    wornBy({ well, leaked }: Done): string | null {
      served += 1;
      if (!well) return 'its run failed';
      if (served >= runs) return `it has trained ${served} runs`;
      if (leaked !== 0) return `the run left ${leaked} tensors`;
      baseline ??= residentBytes(true);
      if (residentBytes(false) - baseline <= GROWTH_BYTES) return null;
      const grown = residentBytes(true) - baseline;
      return grown > GROWTH_BYTES ? `it has grown by ${Math.round(grown / 2 ** 20)} MiB` : null;
    },
  };
}

let collect: (() => void) | null = null;

function resident(collected: boolean): number {
  if (collected) collectGarbage();
  return process.memoryUsage.rss();
}

function collectGarbage(): void {
  // Without a flag for Node on the command line, which worker threads of others would see too.
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    const gc: () => void = runInNewContext('gc');
    collect = gc;
  }
  collect();
}
