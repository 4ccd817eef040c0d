import { joinPath } from '@trawl/spec';
import type { Fault } from '@trawl/spec';
import type { StageDraft } from './draft.js';

/** Most runs of one sweep. */
export const MAX_RUNS = 100_000;

/** Whether a sweep has more runs than one may: told at the stage that alone has too many, else of the whole. */
export function checkRuns(stages: readonly StageDraft[]): Fault[] {
  let search = 0;
  let total = 0;
  const faults: Fault[] = [];
  for (const stage of stages) {
    let runs: number;
    if (stage.kind === 'search') {
      search = stage.cells;
      runs = search * (stage.seeds?.value.length ?? 1);
    } else {
      runs = Math.min(stage.spec.refit?.top ?? 0, search) * (stage.spec.refit?.seeds ?? 0);
    }
    total += runs;
    if (runs > MAX_RUNS) faults.push(tooMany(stageSpacePath(stage), runs));
  }
  return faults.length === 0 && total > MAX_RUNS ? [tooMany('', total)] : faults;
}

/** Where the group with most of the cells stands. */
function stageSpacePath({ at, space, kind }: StageDraft): string {
  if (kind === 'refit') return joinPath(at, 'refit');
  const sizes: [string, number][] = [
    ['grid', Object.values(space.grid).reduce((product, { length }) => product * length, 1)],
    ['zip', Object.values(space.zip)[0]?.length ?? 1],
    ['cells', Math.max(space.cells.length, 1)],
    ['random', space.random?.n ?? 1],
  ];
  const [largest] = sizes.toSorted(([, a], [, b]) => b - a);
  // One cell and very many seeds.
  return largest === undefined || largest[1] === 1 ? at : joinPath(at, largest[0]);
}

function tooMany(path: string, runs: number): Fault {
  return { path, message: `makes ${runs} runs`, given: runs, allowed: `at most ${MAX_RUNS} runs a sweep` };
}
