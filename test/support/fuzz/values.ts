import * as fc from 'fast-check';

/** JSON Schema, as much of it as openapi.json uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
}

export type Resolve = (schema: Schema) => Schema;

/** Texts that break what is careless: paths, queries, headers, numbers, encodings. */
export const hostileText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '.',
    '..',
    '../',
    '../../../../../../etc/passwd',
    '..%2f..%2f..%2fcanary.txt',
    '%2e%2e%2f%2e%2e%2fcanary.txt',
    '..\\..\\canary.txt',
    '....//....//canary.txt',
    '../canary.txt',
    '../../canary.txt',
    '/etc/passwd',
    'file:///etc/passwd',
    '\u0000',
    'a\u0000.txt',
    '%00',
    '\ud800',
    '\u202egpj.exe',
    '𝄞é\u0301漢字',
    "' or 1=1 --",
    '"; drop table sweep; --',
    '${jndi:ldap://x}',
    '{{7*7}}',
    '<script>alert(1)</script>',
    '__proto__',
    'constructor',
    'toString',
    'null',
    'undefined',
    'NaN',
    'Infinity',
    '-1',
    '1e309',
    '0x10',
    '9007199254740993',
    '99999999999999999999999999',
    '1.5',
    '+1',
    '01',
    'true',
    '[]',
    '{}',
    'a,b,,c',
    ',',
    '*',
    'bytes=0-',
    'x'.repeat(2_000),
    '\r\nx-injected: 1',
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.uuid(),
);

export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.jsonValue(),
  fc.constantFrom<unknown>(null, true, 0, -0, -1, 0.5, 1e308, 2 ** 31, 2 ** 53, [], {}, [[]], [null], { '': 1 }),
  fc.constant(Array.from({ length: 2_000 }, () => 1)),
  fc.integer({ min: 10, max: 400 }).map((depth) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)),
);

/** What a schema allows, and just what it says it does not. */
export function fromSchema(given: Schema, resolve: Resolve, depth = 0): fc.Arbitrary<unknown> {
  const schema = resolve(given);
  const some = schema.enum ?? [];
  if (some.length > 0) return fc.constantFrom(...some);
  const choices = schema.anyOf ?? schema.oneOf ?? [];
  if (choices.length > 0) return fc.oneof(...choices.map((each) => fromSchema(each, resolve, depth + 1)));
  if (depth > 6) return fc.constant(null);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'integer': {
      const { minimum: min = -3, maximum: max = 2 ** 31 } = schema;
      return fc.oneof(
        fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, min + 20) }),
        fc.constantFrom(min, max, min - 1, max + 1),
      );
    }
    case 'number':
      return fc.oneof(fc.double({ noNaN: true, min: -10, max: 1_000 }), fc.constantFrom(0, 1, -1, 1e-9, 1e12));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const item = fromSchema(schema.items ?? {}, resolve, depth + 1);
      return fc.array(item, { minLength: Math.min(schema.minItems ?? 0, 3), maxLength: 4 });
    }
    case 'object': {
      const shape = Object.entries(schema.properties ?? {}).map(
        ([key, value]) => [key, fromSchema(value, resolve, depth + 1)] as const,
      );
      return fc.record(Object.fromEntries(shape), { requiredKeys: schema.required ?? [] });
    }
    case 'string':
      return fc.oneof({ weight: 3, arbitrary: fc.string({ maxLength: 12 }) }, { weight: 1, arbitrary: hostileText });
    default:
      return hostileJson;
  }
}

/** Every place in a JSON value, as the keys that lead to it. */
function places(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];
}

function replaceAt(value: unknown, [key, ...rest]: string[], to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((inner, i) => (String(i) === key ? replaceAt(inner, rest, to) : inner));
  const entries = Object.entries(Object(value));
  return Object.fromEntries(entries.map(([each, inner]) => [each, each === key ? replaceAt(inner, rest, to) : inner]));
}

/** A value with one place changed. */
export const nearly = (value: unknown): fc.Arbitrary<unknown> =>
  fc.tuple(fc.constantFrom(...places(value)), hostileJson).map(([at, to]) => replaceAt(value, at, to));
