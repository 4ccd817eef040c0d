import type { Params, RunDetail } from '@trawl/spec';

/** Characters of what was varied: names in archives are short. */
const MAX_POINT = 40;

/** `alpha=50,beta=1`, of letters that every file system takes. */
function pointName(point: Params): string {
  const name = Object.entries(point)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(',');
  return safeName(name, MAX_POINT) || 'only';
}

export const safeName = (name: string, length: number): string =>
  name.replaceAll(/[^A-Za-z0-9=._,+-]/g, '_').slice(0, length);

/** A folder for each run: the stage, what was varied, the seed, and the end of its id, which tells all apart. */
export function runFolder(run: RunDetail): string {
  const stage = safeName(run.stages[0] ?? 'former', 20);
  return `${stage}/${pointName(run.point)}/seed=${run.seed}-${run.id.slice(-8)}`;
}
