import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256Hex } from './canonical.js';

describe('canonicalJson', () => {
  it('sorts keys, shortens numbers and has one zero', () => {
    const value = { b: [1.0, -0, 1e21, 1e-7, 0.1], a: { é: null, z: true, Z: 'x"\n' } };
    expect(canonicalJson(value)).toBe('{"a":{"Z":"x\\"\\n","z":true,"é":null},"b":[1,0,1e+21,1e-7,0.1]}');
  });

  it('refuses what JSON cannot hold', () => {
    for (const value of [
      Number.NaN,
      Infinity,
      -Infinity,
      undefined,
      () => 1,
      new Date(0),
      1n,
      Symbol('x'),
      new Map(),
    ]) {
      expect(() => canonicalJson({ value: [value] })).toThrow(TypeError);
    }
  });

  it('is JSON of the same value, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(reversed(value))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
});

describe('sha256Hex', () => {
  it('hashes the UTF-8 bytes', () => {
    // printf 'abc' | sha256sum; printf 'é' | sha256sum
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256Hex('é')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c');
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
