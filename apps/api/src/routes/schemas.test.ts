import { faultsOf } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { commaList, PageQuery, whole } from './schemas.js';

describe('whole', () => {
  it('reads digits', () => {
    expect(whole(0, 10).parse('7')).toBe(7);
  });

  it.each(['', ' 7', '7.0', '0x7', '1e1', '-1', '11', '9'.repeat(16), ['7', '8']])('refuses %j', (given) => {
    const parsed = PageQuery.extend({ n: whole(0, 10) }).safeParse({ n: given });
    const faults = parsed.success ? [] : faultsOf(parsed.error, { n: given }, PageQuery.extend({ n: whole(0, 10) }));
    expect(faults).toMatchObject([{ path: 'n', allowed: 'an integer from 0 to 10' }]);
  });
});

describe('PageQuery', () => {
  it('has defaults', () => {
    expect(PageQuery.parse({})).toEqual({ limit: 50 });
  });
});

describe('commaList', () => {
  it('drops empty items', () => {
    expect(commaList.parse('a,,b,')).toEqual(['a', 'b']);
  });
});
