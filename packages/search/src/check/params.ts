import {
  canonicalJson,
  DatasetSchema,
  faultsOf,
  joinPath,
  oneOf,
  shortGiven,
  suggestion,
  takesObjects,
} from '@trawl/spec';
import type { DatasetSpec, Fault, ModelCard, Params, ParamValue } from '@trawl/spec';
import { rootOf, variesDataset } from '../assign.js';
import type { Axis } from './axes.js';

/** What is wrong with names and single values, and which of them a combination must not be judged with. */
export interface ValueCheck {
  faults: Fault[];
  /** Params and axes that the model (or the dataset) does not have, or whose every value is wrong. */
  unusable: Set<string>;
  /** Canonical JSON of the wrong values of each axis. */
  wrong: Map<string, Set<string>>;
}

export function checkParams(card: ModelCard, params: Params, at: string): ValueCheck {
  const check: ValueCheck = { faults: [], unusable: new Set(), wrong: new Map() };
  for (const [name, value] of Object.entries(params)) {
    const place = joinPath(at, name);
    const found = isParameter(card, name)
      ? fixedFaults(card, name, value, place)
      : [unknownParameter(card, name, value, place)];
    if (found.length > 0) check.unusable.add(name);
    check.faults.push(...found);
  }
  return check;
}

export function checkAxes(card: ModelCard, axes: readonly Axis[], dataset: DatasetSpec | null): ValueCheck {
  const check: ValueCheck = { faults: [], unusable: new Set(), wrong: new Map() };
  for (const axis of axes) {
    const { key } = axis;
    const wrongKey = keyFault(card, axis, dataset);
    if (wrongKey !== null) {
      check.faults.push(wrongKey);
      check.unusable.add(key);
      continue;
    }
    // Values on a path are judged with all that they are part of.
    if (key.includes('.')) continue;
    const wrong = new Set<string>();
    const told = new Set<string>();
    for (const value of axis.values) {
      const place = axis.placeOf(value);
      const found = valueFaults(card, key, value, place).map((fault) => ofForm(fault, value, axis));
      if (found.length > 0) wrong.add(canonicalJson(value));
      // A form stands for many values at one place: the first wrong one is enough.
      if (!told.has(place)) check.faults.push(...found);
      if (found.length > 0) told.add(place);
    }
    if (wrong.size > 0) check.wrong.set(key, wrong);
    if (axis.draw !== null && wrong.size > 0) check.unusable.add(key);
    if (axis.values.every((value) => wrong.has(canonicalJson(value)))) check.unusable.add(key);
  }
  return check;
}

const isParameter = (card: ModelCard, name: string): boolean => Object.hasOwn(card.params.shape, name);

export const parameterNames = (card: ModelCard): string[] => Object.keys(card.params.shape);

function valueFaults(card: ModelCard, name: string, value: ParamValue, at: string): Fault[] {
  const schema = card.params.shape[name];
  if (schema === undefined) return [];
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : faultsOf(parsed.error, value, schema, at);
}

/** Where a form makes the value nobody wrote it: the form is what was given. */
function ofForm(fault: Fault, value: ParamValue, { form }: Axis): Fault {
  if (form === undefined) return fault;
  return { ...fault, message: `its value ${JSON.stringify(value)} ${fault.message}`, given: shortGiven(form) };
}

/** The same of a value that is not varied; a list of legal values was meant to be an axis. */
function fixedFaults(card: ModelCard, name: string, value: ParamValue, at: string): Fault[] {
  const faults = valueFaults(card, name, value, at);
  if (!Array.isArray(value) || value.length === 0 || faults.length !== 1) return faults;
  if (value.some((item) => valueFaults(card, name, item, at).length > 0)) return faults;
  return faults.map((fault) => ({ ...fault, message: `${fault.message}; values to try stand in grid` }));
}

/** What is wrong with the name or path of an axis, whatever its values. */
function keyFault(card: ModelCard, axis: Axis, dataset: DatasetSpec | null): Fault | null {
  const { key, at: path, given } = axis;
  if (key === 'dataset' || variesDataset(key)) return unknownDatasetKey(dataset, axis);
  const name = rootOf(key);
  const schema = card.params.shape[name];
  if (schema === undefined) return unknownParameter(card, name, given, path);
  if (name === key || takesObjects(schema)) return null;
  const message = `${name} is no object: a path cannot lead into it`;
  return { path, message, given: shortGiven(given), allowed: `${name} as a whole` };
}

function unknownParameter(card: ModelCard, name: string, given: unknown, path: string): Fault {
  const names = parameterNames(card);
  const message = `${card.name} has no parameter ${name}${suggestion(name, names)}`;
  return { path, message, given: shortGiven(given), allowed: oneOf(names) };
}

function unknownDatasetKey(dataset: DatasetSpec | null, { key, at, given }: Axis): Fault | null {
  if (dataset === null) return null;
  const option = DatasetSchema.options.find(({ shape }) => shape.kind.value === dataset.kind);
  // Of another kind all other keys would be others too.
  const legal = Object.keys(option?.shape ?? {}).filter((legalName) => legalName !== 'kind');
  const name = key.split('.')[1] ?? '';
  if (legal.includes(name)) return null;
  const message =
    name === ''
      ? 'a dataset is varied key by key'
      : name === 'kind'
        ? 'the kind of a dataset cannot be varied'
        : `a ${dataset.kind} dataset has no ${name}${suggestion(name, legal)}`;
  return {
    path: at,
    message,
    given: shortGiven(given),
    allowed: oneOf(legal.map((legalName) => `dataset.${legalName}`)),
  };
}
