import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { faultsOf } from './faults.js';

const Shape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('circle'), radius: z.number().gt(0) }),
  z.strictObject({ kind: z.literal('box'), width: z.int().min(1).max(9), height: z.int().default(1) }),
]);
const Form = z.union([
  z.array(z.json()).min(1),
  z.strictObject({ linspace: z.tuple([z.number(), z.number(), z.int().min(2)]) }),
  z.strictObject({ range: z.array(z.number()) }),
]);
const Schema = z.strictObject({
  name: z.string().min(2).max(5),
  shape: Shape.optional(),
  mode: z.enum(['fast', 'slow']).default('fast'),
  forms: z.record(z.string().min(1), Form).default({}),
  share: z.number().gt(0).lt(1).nullable().optional(),
  word: z.string().regex(/^a/, { error: 'begins with a' }).optional(),
  flags: z.array(z.boolean()).max(2).optional(),
  even: z.int().multipleOf(2).optional(),
  code: z
    .string()
    .regex(/^[a-z]$/, { error: 'is no code' })
    .optional()
    .meta({ legal: 'one small letter' }),
  pair: z
    .tuple([z.number(), z.number()])
    .refine(([a, b]) => a !== b, { error: 'repeats a number', params: { allowed: 'two numbers that differ' } })
    .optional(),
  net: z.union([z.enum(['small', 'large']), z.array(z.object({ width: z.number() })).max(2)]).optional(),
});
const NET = 'one of: small, large, or a list of 0 to 2 values, each { width: a number }';

const FORM =
  'a list of at least 1 value, or { linspace: [a number, a number, an integer at least 2] }, or { range: a list of values, each a number }';
const FORMS = `an object, each value ${FORM}`;

const good = { name: 'abc' };
const faults = (extra: Record<string, unknown>) => {
  const input = { ...good, ...extra };
  const parsed = Schema.safeParse(input);
  return parsed.success ? [] : faultsOf(parsed.error, input, Schema);
};

describe('faultsOf', () => {
  it.each([
    [{ name: undefined }, 'name', 'is missing', undefined, 'a text of 2 to 5 characters'],
    [{ name: 'a' }, 'name', 'is too short', 'a', 'a text of 2 to 5 characters'],
    [{ name: 'abcdef' }, 'name', 'is too long', 'abcdef', 'a text of 2 to 5 characters'],
    [{ name: 7 }, 'name', 'is a number, not a text', 7, 'a text of 2 to 5 characters'],
    [{ mode: 'fats' }, 'mode', 'is not legal (did you mean fast?)', 'fats', 'one of: fast, slow'],
    [{ mode: null }, 'mode', 'is not legal', null, 'one of: fast, slow'],
    [
      { nmae: 1 },
      'nmae',
      'unknown key (did you mean name?)',
      1,
      'one of: name, shape, mode, forms, share, word, flags, even, code, pair, net',
    ],
    [{ shape: { kind: 'ring' } }, 'shape.kind', 'is not one of the legal values', 'ring', 'one of: circle, box'],
    [{ shape: {} }, 'shape.kind', 'is missing', undefined, 'one of: circle, box'],
    [
      { shape: 3 },
      'shape',
      'is a number, not an object',
      3,
      'an object with keys kind: circle, radius, or an object with keys kind: box, width, height',
    ],
    [{ shape: { kind: 'box', width: 0 } }, 'shape.width', 'is too small', 0, 'an integer from 1 to 9'],
    [{ shape: { kind: 'box', width: 1.5 } }, 'shape.width', 'is not an integer', 1.5, 'an integer from 1 to 9'],
    [{ shape: { kind: 'box', width: 1, radius: 2 } }, 'shape.radius', 'unknown key', 2, 'one of: kind, width, height'],
    [{ shape: { kind: 'circle', radius: 0 } }, 'shape.radius', 'is too small', 0, 'a number above 0'],
    [{ share: 1 }, 'share', 'is too large', 1, 'a number above 0 and below 1, or null'],
    [{ share: Number.NaN }, 'share', 'is not a finite number', 'NaN', 'a number above 0 and below 1, or null'],
    [{ word: 'b' }, 'word', 'begins with a', 'b', 'a text that matches ^a'],
    [{ flags: [true, 1] }, 'flags.1', 'is a number, not true or false', 1, 'true or false'],
    [
      { flags: [true, true, true] },
      'flags',
      'has too many values',
      [true, true, true],
      'a list of 0 to 2 values, each true or false',
    ],
    [{ flags: {} }, 'flags', 'is an object, not a list', {}, 'a list of 0 to 2 values, each true or false'],
    [{ forms: [] }, 'forms', 'is a list, not an object', [], FORMS],
    [{ forms: { x: 5 } }, 'forms.x', 'is a number, not one of the legal forms', 5, FORM],
    [{ forms: { x: {} } }, 'forms.x', 'is an object, not one of the legal forms', {}, FORM],
    [{ forms: { x: [] } }, 'forms.x', 'has too few values', [], FORM],
    [
      { forms: { x: { linspce: [1] } } },
      'forms.x.linspce',
      'unknown key (did you mean linspace?)',
      [1],
      'one of: linspace, range',
    ],
    [
      { forms: { x: { linspace: [1, 2] } } },
      'forms.x.linspace',
      'has too few values',
      [1, 2],
      '[a number, a number, an integer at least 2]',
    ],
    [{ forms: { x: { linspace: [1, 2, 1] } } }, 'forms.x.linspace.2', 'is too small', 1, 'an integer at least 2'],
    [{ forms: { x: { range: ['a'] } } }, 'forms.x.range.0', 'is a text, not a number', 'a', 'a number'],
    [{ forms: { x: { range: [1], linspac: 2 } } }, 'forms.x.linspac', 'unknown key', 2, 'range'],
    [
      { forms: { x: { range: [1], linspace: [1, 2, 3] } } },
      'forms.x.range',
      'cannot stand beside linspace',
      [1],
      'linspace alone',
    ],
    [
      { forms: { x: [1, [Infinity]] } },
      'forms.x.1.0',
      'is not a finite number',
      'Infinity',
      'any JSON value, whose numbers are finite',
    ],
    [{ even: 3 }, 'even', 'is not a multiple of 2', 3, 'an integer'],
    [{ flags: 'abc' }, 'flags', 'is a text, not a list', 'abc', 'a list of 0 to 2 values, each true or false'],
    [{ flags: true }, 'flags', 'is true, not a list', true, 'a list of 0 to 2 values, each true or false'],
    [{ name: '' }, 'name', 'is empty', '', 'a text of 2 to 5 characters'],
    [{ name: ' ' }, 'name', 'is only white space', ' ', 'a text of 2 to 5 characters'],
    [{ code: 'B' }, 'code', 'is no code', 'B', 'one small letter'],
    [{ code: undefined, pair: [1, 1] }, 'pair', 'repeats a number', [1, 1], 'two numbers that differ'],
    [{ net: 'smal' }, 'net', 'is not legal (did you mean small?)', 'smal', NET],
    [{ net: 3 }, 'net', 'is a number, not one of the legal forms', 3, NET],
    [{ net: [{ width: 1 }, { widht: 1 }] }, 'net.1.width', 'is missing', undefined, 'a number'],
  ])('%j', (extra, path, message, given, allowed) => {
    const fault = { path, message, ...(given === undefined ? {} : { given }), allowed };
    expect(faults(extra)).toEqual([fault]);
  });

  it('tells every fault at once, and each unknown key', () => {
    expect(faults({ name: 1, mode: 'x', a: 1, b: 2 }).map(({ path }) => path)).toEqual(['name', 'mode', 'a', 'b']);
  });

  it('puts a prefix before every path, also of the whole', () => {
    const whole = faultsOf(Schema.safeParse(null).error!, null, Schema, 'stages.1');
    expect(whole).toMatchObject([{ path: 'stages.1', message: 'is null, not an object', given: null }]);
    const inner = faultsOf(Schema.safeParse({ name: 1 }).error!, { name: 1 }, Schema, 'stages.1');
    expect(inner).toMatchObject([{ path: 'stages.1.name' }]);
  });

  it('shortens what was given', () => {
    const [text] = faults({ name: 'y'.repeat(10_000) });
    expect(String(text?.given).length).toBeLessThan(130);
    const [list] = faults({ flags: Array.from({ length: 5_000 }, () => true) });
    expect(list?.given).toMatch(/^a list of 5000: /);
    const [object] = faults({ flags: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])) });
    expect(object?.given).toMatch(/^an object with keys k0, k1/);
    expect(() => JSON.stringify([text, list, object])).not.toThrow();
  });
});
