import { isPlainObject } from '@trawl/spec';
import type { Cell, Params, ParamValue } from '@trawl/spec';

/** Axes of this form vary the dataset, not a parameter. */
const DATASET = 'dataset.';
export const variesDataset = (axis: string): boolean => axis.startsWith(DATASET);

/** The parameter that an axis varies: the first part of its path. */
export const rootOf = (axis: string): string => axis.split('.', 1)[0] ?? axis;

/** A copy with the value at a dotted path set; objects on the way are made. */
export function setAt(target: Params, path: string, value: ParamValue): Params {
  const [key = '', ...rest] = path.split('.');
  if (rest.length === 0) return { ...target, [key]: value };
  const inner = Object.hasOwn(target, key) ? target[key] : undefined;
  return { ...target, [key]: setAt(isParams(inner) ? inner : {}, rest.join('.'), value) };
}

/** The params of a point: keys that vary the dataset left out, paths followed. */
export function withPoint(params: Params, point: Params): Params {
  let result = params;
  for (const [axis, value] of Object.entries(point)) {
    if (!variesDataset(axis)) result = setAt(result, axis, value);
  }
  return result;
}

/** The dataset of a point, not checked: `dataset.seed` sets `seed`. */
export function datasetAt(dataset: Params, point: Params): Params {
  let result = dataset;
  for (const [axis, value] of Object.entries(point)) {
    if (variesDataset(axis)) result = setAt(result, axis.slice(DATASET.length), value);
  }
  return result;
}

/** What a cell has where an axis points to; undefined where it has nothing of that name. */
export function valueAt({ params, dataset }: Pick<Cell, 'params' | 'dataset'>, axis: string): unknown {
  const path = (variesDataset(axis) ? axis.slice(DATASET.length) : axis).split('.');
  let found: unknown = variesDataset(axis) ? dataset : params;
  for (const key of path) found = isPlainObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return found;
}

/** Whether all of it is JSON: what a model's schema makes of params is only known to be an object. */
export function isParams(value: unknown): value is Params {
  return isPlainObject(value) && Object.values(value).every(isParamValue);
}

function isParamValue(value: unknown): value is ParamValue {
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isParamValue);
  return value === null || typeof value === 'string' || typeof value === 'boolean' || isParams(value);
}
