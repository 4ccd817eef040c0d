import { canonicalJson, joinPath, shortGiven } from '@trawl/spec';
import type { Fault, Params, ParamValue } from '@trawl/spec';
import { rootOf } from '../assign.js';
import { concerns } from './axes.js';
import type { Axis } from './axes.js';
import type { StageDraft } from './draft.js';

/** A fault of some cells of a stage; its path is that of a parameter, or starts with `dataset`. */
export interface CellFault {
  fault: Fault;
  /** Points of the cells that have it. */
  points: Params[];
}

/** More places than this to name for one fault help nobody. */
const MAX_PLACES = 10;

/** A stage and what it starts from, for finding where a value comes from. */
export interface Origin {
  stage: StageDraft;
  axes: readonly Axis[];
  /** The point of an earlier stage that is taken for the selected one. */
  point: Params;
  from: Origin | null;
}

/**
 * Says a fault of cells where it can be put right: at the values of the axis that varies the parameter; else at the
 * values of the one axis that the fault goes with; else where the parameter is set.
 */
export function blame({ fault, points }: CellFault, checked: readonly Params[], origin: Origin): Fault[] {
  const { axes } = origin;
  const own = axes.find(({ key }) => concerns(key, fault.path));
  if (own !== undefined) {
    return distinct(points, own.key)
      .slice(0, MAX_PLACES)
      .map((value) => ({ ...fault, path: own.placeOf(value), given: shortGiven(fault.given ?? value) }));
  }
  const other = points.length === checked.length ? null : axisToBlame(points, checked, axes);
  if (other === null) return [{ ...fault, path: placeOf(fault.path, origin) }];
  const stated = fault.given === undefined ? fault.path : `${fault.path} = ${JSON.stringify(fault.given)}`;
  return other.values.slice(0, MAX_PLACES).map((value) => ({
    path: other.axis.placeOf(value),
    message: `with ${stated}: ${fault.message}`,
    given: shortGiven(value),
    allowed: `${fault.path}: ${fault.allowed}`,
  }));
}

/** The axis some of whose values have the fault in all their cells, while its other values have it in none. */
function axisToBlame(
  points: readonly Params[],
  checked: readonly Params[],
  axes: readonly Axis[],
): { axis: Axis; values: ParamValue[] } | null {
  for (const axis of axes) {
    const values = distinct(points, axis.key);
    const texts = new Set(values.map(canonicalJson));
    const having = checked.filter((point) => texts.has(canonicalJson(point[axis.key] ?? null)));
    if (having.length === points.length) return { axis, values };
  }
  return null;
}

function distinct(points: readonly Params[], axis: string): ParamValue[] {
  return [...new Map(points.map((point) => [canonicalJson(point[axis] ?? null), point[axis] ?? null])).values()];
}

/** Where a parameter that the stage does not vary is set, or would be. */
function placeOf(path: string, { stage, from }: Origin): string {
  if (path === 'dataset' || path.startsWith('dataset.')) {
    return joinPath(stage.dataset?.at ?? 'dataset', path.slice('dataset.'.length));
  }
  const name = rootOf(path);
  if (Object.hasOwn(stage.ownParams, name)) return joinPath(stage.at, 'params', path);
  if (from !== null) {
    const axis = from.axes.find(({ key }) => concerns(key, path));
    if (axis !== undefined) return axis.placeOf(from.point[axis.key] ?? null);
    return placeOf(path, from);
  }
  // A stage of another model than the sweep's has only its own params.
  const shared = stage.spec.model === undefined || Object.hasOwn(stage.sweepParams, name);
  return shared ? joinPath('params', path) : joinPath(stage.at, 'params', path);
}
