import { describe, expect, it } from 'vitest';
import { byteRange } from './ranges.js';

describe('byteRange', () => {
  it.each([
    [undefined, null],
    ['bytes=0-3', { start: 0, end: 3 }],
    ['bytes=4-', { start: 4, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=0-100', { start: 0, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=0-1,4-5', null],
    ['lines=0-1', null],
    ['bytes=x', null],
    ['nonsense', null],
  ])('%s of ten bytes', (header, expected) => {
    const range = byteRange(header, 10);
    expect(range === null || typeof range === 'string' ? range : { ...range }).toEqual(expected);
  });
});
