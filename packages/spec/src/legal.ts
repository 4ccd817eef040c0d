import { z } from 'zod';

type Shape = z.core.JSONSchema.JSONSchema;

export const ANY_JSON = 'any JSON value';
const known = new WeakMap<z.core.$ZodType, string>();

/** What a schema takes, in words: `an integer from 1 to 10`. */
export function legalWords(schema: z.core.$ZodType): string {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
  const words = wordsOf(shape);
  known.set(schema, words);
  return words;
}

export function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return texts.length === 1 ? `${texts[0]}` : `one of: ${texts.join(', ')}`;
}

/**
 * The same of its JSON Schema. Where a schema says `.meta({ legal })`, those are the words: a pattern is legible to
 * few, and what a refinement asks is not in the JSON Schema.
 */
export function wordsOf(shape: Shape | boolean): string {
  if (typeof shape === 'boolean') return shape ? ANY_JSON : 'nothing';
  if (typeof shape['legal'] === 'string') return shape['legal'];
  const options = shape.anyOf ?? shape.oneOf;
  if (options !== undefined) {
    // z.json() is written out as a union of all that JSON has.
    const types = options.map((option) => (typeof option === 'object' ? option.type : undefined));
    if (types.includes('null') && types.includes('object') && types.includes('array')) return ANY_JSON;
    return [...new Set(options.map(wordsOf))].join(', or ');
  }
  if (shape.const !== undefined) return oneOf([shape.const]);
  if (shape.enum !== undefined) return oneOf(shape.enum);
  switch (shape.type) {
    case 'integer':
    case 'number':
      return numberWords(shape);
    case 'string':
      return stringWords(shape);
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return listWords(shape);
    case 'object':
      return objectWords(shape);
    default:
      return ANY_JSON;
  }
}

function numberWords(shape: Shape): string {
  const noun = shape.type === 'integer' ? 'an integer' : 'a number';
  // zod writes the safe integers' bounds into every integer.
  const low = shape.minimum === Number.MIN_SAFE_INTEGER ? undefined : shape.minimum;
  const high = shape.maximum === Number.MAX_SAFE_INTEGER ? undefined : shape.maximum;
  if (low !== undefined && high !== undefined) return `${noun} from ${low} to ${high}`;
  const parts: string[] = [];
  if (low !== undefined) parts.push(`at least ${low}`);
  if (shape.exclusiveMinimum !== undefined) parts.push(`above ${shape.exclusiveMinimum}`);
  if (high !== undefined) parts.push(`at most ${high}`);
  if (shape.exclusiveMaximum !== undefined) parts.push(`below ${shape.exclusiveMaximum}`);
  return parts.length === 0 ? noun : `${noun} ${parts.join(' and ')}`;
}

function stringWords({ minLength, maxLength, pattern }: Shape): string {
  const length = maxLength === undefined ? '' : ` of ${minLength ?? 0} to ${maxLength} characters`;
  const form = pattern === undefined ? '' : ` that matches ${pattern}`;
  return `${minLength === 1 && maxLength === undefined ? 'a text that is not empty' : 'a text'}${length}${form}`;
}

function listWords({ items, prefixItems, minItems, maxItems, description }: Shape): string {
  if (prefixItems !== undefined) return description ?? `[${prefixItems.map(wordsOf).join(', ')}]`;
  const each = items === undefined || Array.isArray(items) ? ANY_JSON : wordsOf(items);
  const least = minItems ?? 0;
  const size =
    maxItems === undefined ? (least === 0 ? 'values' : `at least ${count(least)}`) : `${least} to ${count(maxItems)}`;
  return each === ANY_JSON ? `a list of ${size}` : `a list of ${size}, each ${each}`;
}

const count = (n: number): string => `${n} value${n === 1 ? '' : 's'}`;

function objectWords({ properties, additionalProperties }: Shape): string {
  const members = Object.entries(properties ?? {});
  if (members.length === 0) {
    const each = typeof additionalProperties === 'object' ? wordsOf(additionalProperties) : ANY_JSON;
    return each === ANY_JSON ? 'an object' : `an object, each value ${each}`;
  }
  const [only] = members;
  if (members.length === 1 && only !== undefined) return `{ ${only[0]}: ${wordsOf(only[1])} }`;
  const keys = members.map(([key, member]) =>
    typeof member === 'boolean' || member.const === undefined ? key : `${key}: ${wordsOf(member)}`,
  );
  return `an object with keys ${keys.join(', ')}`;
}
