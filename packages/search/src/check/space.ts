import { canonicalJson, isPlainObject, joinPath, oneOf, shortGiven, suggestion } from '@trawl/spec';
import type { Fault, Params, ParamValue } from '@trawl/spec';
import { drawPoints } from '../space/draws.js';
import type { Axis } from './axes.js';
import type { StageDraft } from './draft.js';

/** What is wrong with a space as a space, whatever the model. */
export function checkSpace(stage: StageDraft, axes: readonly Axis[]): Fault[] {
  return [
    ...variedTwice(axes),
    ...unequalZip(stage),
    ...unlikeCells(stage),
    ...repeats(stage),
    ...tooManyDraws(stage),
    ...wrongExclude(stage, axes),
  ];
}

function variedTwice(axes: readonly Axis[]): Fault[] {
  const first = new Map<string, Axis>();
  return axes.flatMap((axis) => {
    const before = first.get(axis.key);
    if (before === undefined) {
      first.set(axis.key, axis);
      return [];
    }
    const message = `${axis.key} is varied at ${before.at} already`;
    return [{ path: axis.at, message, given: shortGiven(axis.given), allowed: 'each parameter in one place only' }];
  });
}

function unequalZip({ at, space: { zip } }: StageDraft): Fault[] {
  const [first, ...others] = Object.entries(zip);
  if (first === undefined) return [];
  const [key, { length }] = first;
  return others
    .filter(([, values]) => values.length !== length)
    .map(([other, values]) => ({
      path: joinPath(at, 'zip', other),
      message: `has ${values.length} values and ${key} has ${length}: axes of zip move together`,
      given: shortGiven(values),
      allowed: `${length} values`,
    }));
}

function unlikeCells({ at, space: { cells } }: StageDraft): Fault[] {
  const keys = Object.keys(cells[0] ?? {});
  return cells.flatMap((cell, i) => {
    const own = Object.keys(cell);
    if (own.length === keys.length && keys.every((key) => Object.hasOwn(cell, key))) return [];
    const message = 'has other keys than the first point';
    return [
      { path: joinPath(at, 'cells', i), message, given: shortGiven(cell), allowed: `the keys ${keys.join(', ')}` },
    ];
  });
}

/** Points that stand twice in one group: the product with the other groups repeats them all. */
function repeats({ at, space, raw }: StageDraft): Fault[] {
  const faults: Fault[] = [];
  const differ = 'values that all differ';
  const pointsDiffer = 'points that all differ';
  for (const [key, values] of Object.entries(space.grid)) {
    const place = joinPath(at, 'grid', key);
    const listed = isPlainObject(raw['grid']) && Array.isArray(raw['grid'][key]);
    for (const [i, first] of repeated(values)) {
      const path = listed ? joinPath(place, i) : place;
      faults.push({ path, message: `repeats value ${first} of ${key}`, given: shortGiven(values[i]), allowed: differ });
      if (!listed) break;
    }
  }
  const zipped = Object.entries(space.zip);
  const [firstZipped] = zipped;
  if (firstZipped !== undefined) {
    const length = Math.min(...zipped.map(([, values]) => values.length));
    const tuples = Array.from({ length }, (_, i) => zipped.map(([, values]) => values[i] ?? null));
    for (const [i, first] of repeated(tuples)) {
      const path = joinPath(at, 'zip', firstZipped[0], i);
      const message = `repeats point ${first} of zip`;
      faults.push({ path, message, given: shortGiven(tuples[i]), allowed: pointsDiffer });
    }
  }
  for (const [i, first] of repeated(space.cells)) {
    const path = joinPath(at, 'cells', i);
    faults.push({
      path,
      message: `repeats point ${first} of cells`,
      given: shortGiven(space.cells[i]),
      allowed: pointsDiffer,
    });
  }
  for (const [key, draw] of Object.entries(space.random?.space ?? {})) {
    if (!('choice' in draw)) continue;
    for (const [i, first] of repeated(draw.choice)) {
      const path = joinPath(at, 'random.space', key, 'choice', i);
      faults.push({
        path,
        message: `repeats value ${first} of ${key}`,
        given: shortGiven(draw.choice[i]),
        allowed: differ,
      });
    }
  }
  return faults;
}

/** Pairs of indices: of a value, and of the earlier one that it equals. */
function repeated(values: readonly ParamValue[]): [number, number][] {
  const first = new Map<string, number>();
  const pairs: [number, number][] = [];
  for (const [i, value] of values.entries()) {
    const text = canonicalJson(value);
    const before = first.get(text);
    if (before === undefined) first.set(text, i);
    else pairs.push([i, before]);
  }
  return pairs;
}

function tooManyDraws({ at, space: { random } }: StageDraft): Fault[] {
  const drawn = random === null ? 0 : drawPoints(random).length;
  if (random === null || drawn === random.n) return [];
  const message = 'asks for more points than there are different ones';
  return [{ path: joinPath(at, 'random.n'), message, given: random.n, allowed: `at most ${drawn}` }];
}

function wrongExclude(stage: StageDraft, axes: readonly Axis[]): Fault[] {
  const { at, space, spaceRead } = stage;
  // What could not be read may hold the very key or value.
  if (!spaceRead) return [];
  const faults = space.exclude.flatMap((point, i) => wrongPoint(point, joinPath(at, 'exclude', i), axes));
  if (faults.length > 0 || space.exclude.length === 0 || stage.cells > 0) return faults;
  const given = shortGiven(space.exclude);
  return [
    { path: joinPath(at, 'exclude'), message: 'leaves no cell', given, allowed: 'points that leave at least one cell' },
  ];
}

function wrongPoint(point: Params, at: string, axes: readonly Axis[]): Fault[] {
  const keys = axes.map(({ key }) => key);
  return Object.entries(point).flatMap(([key, value]) => {
    const path = joinPath(at, key);
    const given = shortGiven(value);
    const axis = axes.find((candidate) => candidate.key === key);
    if (axis === undefined) {
      const message = `${key} is not varied here${suggestion(key, keys)}`;
      return [{ path, message, given, allowed: keys.length === 0 ? 'a stage that varies something' : oneOf(keys) }];
    }
    if (canMeet(axis, value)) return [];
    const { draw } = axis;
    if (draw === null || 'choice' in draw) {
      return [{ path, message: `is not a value of ${key}`, given, allowed: oneOf(axis.values.slice(0, 20)) }];
    }
    if ('int' in draw) {
      return [{ path, message: `is not drawn for ${key}`, given, allowed: `an integer from ${draw.int.join(' to ')}` }];
    }
    return [
      {
        path,
        message: `${key} is drawn from a continuous range`,
        given,
        allowed: 'a key whose values are listed, or drawn by int or choice',
      },
    ];
  });
}

function canMeet({ draw, values }: Axis, value: ParamValue): boolean {
  if (draw !== null && 'int' in draw) {
    return typeof value === 'number' && Number.isInteger(value) && value >= draw.int[0] && value <= draw.int[1];
  }
  if (draw !== null && !('choice' in draw)) return false;
  const text = canonicalJson(value);
  return values.some((candidate) => canonicalJson(candidate) === text);
}
