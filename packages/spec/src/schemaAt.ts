import { z } from 'zod';
import { isPlainObject } from './canonical.js';

/** The schema that judges what stands at `path` of `input`, or null where there is none. */
export function schemaAt(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  input: unknown,
): z.core.$ZodType | null {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const inner = childOf(optionFor(schema, input), key);
  return inner === null ? null : schemaAt(inner, rest, valueAt(input, [key]));
}

/** Keys of the object that a schema takes; of a union, those of the option that `input` is meant for. */
export function legalKeys(schema: z.core.$ZodType, input: unknown): string[] {
  return keysOf(optionFor(schema, input));
}

/** Keys of all objects that a union of single forms takes, as `linspace` and `range` of an axis. */
export function keysOfAnyOption(schema: z.core.$ZodType): string[] {
  const inner = peel(schema);
  // What another kind of thing may have says nothing of this one.
  if (inner instanceof z.ZodDiscriminatedUnion) return [];
  return inner instanceof z.ZodUnion ? [...new Set(inner.options.flatMap(keysOfAnyOption))] : keysOf(inner);
}

/** Texts that a schema takes as they stand, of all options of a union together. */
export function textsOfAnyOption(schema: z.core.$ZodType): string[] {
  const inner = peel(schema);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap(textsOfAnyOption);
  const values: unknown[] =
    inner instanceof z.ZodEnum ? inner.options : inner instanceof z.ZodLiteral ? [...inner.values] : [];
  return values.filter((value) => typeof value === 'string');
}

/** Whether a schema takes objects, as one of its forms at least. */
export function takesObjects(schema: z.core.$ZodType): boolean {
  const inner = peel(schema);
  if (inner instanceof z.ZodUnion) return inner.options.some(takesObjects);
  return inner instanceof z.ZodObject || inner instanceof z.ZodRecord;
}

export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function keysOf(schema: z.core.$ZodType | null): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function childOf(schema: z.core.$ZodType | null, key: PropertyKey): z.core.$ZodType | null {
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
    return Object.hasOwn(shape, key) ? (shape[String(key)] ?? null) : null;
  }
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodTuple) return schema.def.items[Number(key)] ?? schema.def.rest;
  return null;
}

/** Without what wraps it; of a union the option that looks most like `input`, or null. */
function optionFor(schema: z.core.$ZodType, input: unknown): z.core.$ZodType | null {
  const inner = peel(schema);
  if (!(inner instanceof z.ZodUnion)) return inner;
  let best: z.core.$ZodType | null = null;
  let likeness = -1;
  for (const option of inner.options) {
    const candidate = optionFor(option, input);
    const here = candidate === null ? -1 : likenessOf(candidate, input);
    if (here > likeness) [best, likeness] = [candidate, here];
  }
  return best;
}

function peel(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return peel(schema.in);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodLazy
  ) {
    return peel(schema.unwrap());
  }
  return schema;
}

/** How much an input looks like what a schema takes: -1 not at all. A literal (a discriminator) that agrees decides. */
function likenessOf(schema: z.core.$ZodType, input: unknown): number {
  if (schema instanceof z.ZodArray || schema instanceof z.ZodTuple) return Array.isArray(input) ? 1 : -1;
  if (schema instanceof z.ZodRecord) return isPlainObject(input) ? 1 : -1;
  if (!(schema instanceof z.ZodObject)) return 0;
  if (!isPlainObject(input)) return -1;
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  let likeness = 0;
  for (const [key, member] of Object.entries(shape)) {
    if (!Object.hasOwn(input, key)) continue;
    const inner = peel(member);
    if (!(inner instanceof z.ZodLiteral)) likeness += 1;
    else if (inner.safeParse(input[key]).success) likeness += 1_000;
  }
  return likeness;
}
