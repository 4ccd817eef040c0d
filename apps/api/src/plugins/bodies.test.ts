import { describe, expect, it } from 'vitest';
import { ProblemError } from '../problems.js';
import { readDocument } from './bodies.js';

const read = (text: string | Uint8Array, mediaType: 'json' | 'yaml' = 'json') => {
  try {
    return readDocument(typeof text === 'string' ? new TextEncoder().encode(text) : text, mediaType);
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
};

describe('readDocument', () => {
  it('keeps the text beside the value', () => {
    expect(read('{"a": [1, "é𝄞"]}')).toEqual({ text: '{"a": [1, "é𝄞"]}', value: { a: [1, 'é𝄞'] } });
    expect(read('a: 1e-3 # why', 'yaml')).toEqual({ text: 'a: 1e-3 # why', value: { a: 1e-3 } });
  });

  it('names line and column of broken text', () => {
    expect(read('{"a": 1,\n  "b": }')).toMatchObject({
      code: 'malformed-body',
      message: expect.stringContaining('line 2, column 8'),
    });
  });

  it.each([
    ['a NUL in a value', '{"a": {"b": "x\\u0000"}}', 'json', 'a.b'],
    ['a NUL in a key', '{"a": {"b\\u0000": 1}}', 'json', 'a'],
    ['half a pair', '{"a": ["\\ud800"]}', 'json', 'a.0'],
    ['a NUL in a comment', 'a: 1 # \0', 'yaml', ''],
  ] as const)('refuses %s, which Postgres cannot hold', (_, text, mediaType, path) => {
    expect(read(text, mediaType)).toMatchObject({ code: 'malformed-body', faults: [{ path }] });
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(read(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({ code: 'malformed-body' });
  });
});
