import { canonicalJson, isPlainObject } from '@trawl/spec';
import type { Params, ParamValue, Space, StagePlan } from '@trawl/spec';
import { rootOf, variesDataset } from './assign.js';

/**
 * Varied parameters of a selected cell whose value is the lowest or highest tried: the optimum may lie outside. Of the
 * selecting stage and of the stages whose selections it inherited; axes of 2 and more different numbers only.
 */
export function atGridEdge(
  stages: readonly StagePlan[],
  stage: StagePlan,
  selected: { point: Params; params: Params },
): string[] {
  const edges: string[] = [];
  /** Parameters whose value was set by a stage nearer to the selection. */
  const settled = new Set<string>();
  const chain = stages.filter(
    ({ kind, model, ordinal }) => kind === 'search' && model === stage.model && ordinal <= stage.ordinal,
  );
  for (const earlier of chain.toReversed()) {
    const own = earlier.ordinal === stage.ordinal;
    const axes = numericAxes(earlier.space);
    for (const [axis, values] of axes) {
      if (settled.has(rootOf(axis)) || (!own && variesDataset(axis))) continue;
      const value = own ? selected.point[axis] : valueAt(selected.params, axis);
      if (typeof value === 'number' && isEnd(value, values)) edges.push(axis);
    }
    for (const axis of axes.keys()) if (!variesDataset(axis)) settled.add(rootOf(axis));
    for (const name of Object.keys(earlier.ownParams)) settled.add(name);
  }
  return edges;
}

/** Whether nothing on an axis is lower, or nothing is higher. */
function isEnd(value: number, values: readonly number[]): boolean {
  return values.every((other) => other >= value) || values.every((other) => other <= value);
}

/** Axes with 2 or more different numbers and nothing else; what is drawn at random has no edge. */
function numericAxes({ grid, zip, cells }: Space): Map<string, number[]> {
  const lists: [string, ParamValue[]][] = [...Object.entries(grid), ...Object.entries(zip)];
  for (const key of new Set(cells.flatMap(Object.keys))) {
    lists.push([key, cells.flatMap((cell) => (Object.hasOwn(cell, key) ? [cell[key] ?? null] : []))]);
  }
  const axes = new Map<string, number[]>();
  for (const [key, values] of lists) {
    const numbers = values.filter((value) => typeof value === 'number');
    if (numbers.length === values.length && new Set(numbers.map(canonicalJson)).size >= 2) axes.set(key, numbers);
  }
  return axes;
}

function valueAt(params: Params, path: string): ParamValue | undefined {
  let value: ParamValue | undefined = params;
  for (const key of path.split('.')) {
    if (!isPlainObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
