import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseSweepText } from './text.js';

function complaint(text: string, mediaType: 'json' | 'yaml'): string {
  const parsed = parseSweepText(text, mediaType);
  if (parsed.ok) throw new Error(`read as ${JSON.stringify(parsed.value)}`);
  expect(parsed.faults.every(({ path }) => path === '')).toBe(true);
  return parsed.faults.map(({ message }) => message).join('\n');
}

describe('parseSweepText', () => {
  it('reads YAML 1.2', () => {
    const text = 'a: 1e-3\nb: [x, on, 012]\nc: &c { d: null }\ne: *c\nf: .5 # half\n';
    expect(parseSweepText(text, 'yaml')).toEqual({
      ok: true,
      value: { a: 0.001, b: ['x', 'on', 12], c: { d: null }, e: { d: null }, f: 0.5 },
    });
  });

  it('gives back what was written, in both languages', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 4 })), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        if (JSON.stringify(plain).includes('"__proto__"')) return;
        expect(parseSweepText(JSON.stringify(plain), 'json')).toEqual({ ok: true, value: plain });
        expect(parseSweepText(stringify(plain, { aliasDuplicateObjects: false }), 'yaml')).toEqual({
          ok: true,
          value: plain,
        });
      }),
    );
  });

  it('says where YAML is wrong', () => {
    expect(complaint('a: 1\nb:\n  c: 1\n  c: 2\n', 'yaml')).toBe('line 4, column 3: the key c stands twice');
    expect(complaint('a: 1\nb: [1, 2\nc: 3\n', 'yaml')).toMatch(/^line 3, column 1: Flow sequence/);
    expect(complaint('a:\n\t- 1\n', 'yaml')).toMatch(/^line 2, column 1: Tabs/);
    expect(complaint('a: !!js/function x', 'yaml')).toMatch(/^line 1, column 4: Unresolved tag/);
    expect(complaint('a: 1\nb: *x\n', 'yaml')).toBe('line 2, column 4: the alias *x has no anchor before it');
    expect(complaint('a: 1\n? [x]\n: 2\n', 'yaml')).toMatch(/^line 2, column 3: .*strings/);
    expect(complaint('a: 1\n---\nb: 2\n', 'yaml')).toBe('2 documents in one text');
    const parsed = parseSweepText('a: 1\na: 2', 'yaml');
    expect(parsed).toMatchObject({
      faults: [{ given: 'a: 2', allowed: 'one YAML 1.2 document without repeated keys' }],
    });
  });

  it('says where JSON is wrong', () => {
    expect(complaint('{\n  "a": 1,\n  "a": 2\n}', 'json')).toBe('line 3, column 3: the key a stands twice');
    expect(complaint('{"b": {"x": 1, "\\u0078": 2}}', 'json')).toBe('line 1, column 16: the key x stands twice');
    expect(complaint('{"a": 1,}', 'json')).toMatch(/^line 1, column 9: /);
    expect(complaint('{\n"a": \n', 'json')).toContain('JSON');
    expect(complaint('{"a": 1,\n  "b": }', 'json')).toMatch(/^line 2, column 8: /);
    expect(complaint('{"a": [1,]}', 'json')).toMatch(/^line 1, column 10: /);
    expect(complaint('{"a": NaN}', 'json')).toMatch(/^line 1, column 7: .*NaN/);
    expect(complaint('// note\n{}', 'json')).toMatch(/^line 1, column 1: /);
    expect(complaint('a: 1', 'json')).toContain('JSON');
  });

  it('takes equal keys of different objects and braces in texts for what they are', () => {
    const text = '[{"a": "}:{\\"", "b": {"a": ":"}}, {"a": 1}]';
    expect(parseSweepText(text, 'json')).toEqual({ ok: true, value: JSON.parse(text) as unknown });
  });

  it('refuses alias bombs, aliases inside themselves and prototypes', () => {
    const laughs = ['a: &a0 [x, x]'];
    for (let i = 1; i < 20; i += 1) laughs.push(`b${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
    expect(complaint(laughs.join('\n'), 'yaml')).toMatch(/^aliases repeat too much/);
    expect(complaint('a: &a { b: *a }', 'yaml')).toBe('an alias stands inside what it stands for');
    expect(complaint('a: { __proto__: { x: 1 } }', 'yaml')).toBe('the key __proto__ is not legal');
    expect(complaint('{"__proto__": {"x": 1}}', 'json')).toBe('the key __proto__ is not legal');
  });

  it.each([
    ['json', '['],
    ['json', '[]'],
    ['yaml', '['],
    ['yaml', '- '],
    ['yaml', '{a: '],
  ] as const)('survives a deep %s text of %s', (mediaType, piece) => {
    const half = piece === '[]' ? `${'['.repeat(100_000)}${']'.repeat(100_000)}` : piece.repeat(100_000);
    expect(complaint(half, mediaType)).not.toBe('');
  });

  it('finds repeated keys among very many', () => {
    // As many as a text may have; `yaml` itself compares each with each, for 10 s.
    const lines = Array.from({ length: 24_000 }, (_, i) => `k${i}: 1`);
    expect(complaint([...lines, 'k77: 2'].join('\n'), 'yaml')).toBe('line 24001, column 1: the key k77 stands twice');
  });

  it('refuses texts without bound', () => {
    expect(complaint('x'.repeat(1_000_001), 'yaml')).toBe('the text has 1000001 characters, more than 1000000');
    expect(complaint(`a: [${'1,'.repeat(50_000)}1]`, 'yaml')).toMatch(
      /^more than 50000 commas.*send the same as JSON$/,
    );
  });
});
