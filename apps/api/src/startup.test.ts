import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessWarning, ensureDataRoots } from './startup.js';

describe('ensureDataRoots', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trawl-roots-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('makes what is missing once', async () => {
    const root = join(folder, 'data');
    expect(await ensureDataRoots([root])).toEqual([root]);
    expect(await ensureDataRoots([root])).toEqual([]);
  });

  it('stops at a root whose parent is missing', async () => {
    await expect(ensureDataRoots([join(folder, 'typo', 'data')])).rejects.toThrow(/typo\/data.*TRAWL_DATA_ROOTS/);
  });
});

const unused = () => Promise.reject(new Error('not asked'));
const storeWithKey = (any: boolean) => {
  const keys = { create: unused, list: unused, revoke: unused, check: unused, works: unused, forget: unused };
  return { keys: { ...keys, any: async () => any } };
};

it.each([
  [false, true, false, /^null$/],
  [false, false, true, /TRAWL_AUTH is off/],
  [true, false, true, /^null$/],
  [true, true, false, /key create --database --name admin --scope admin/],
])('keys required %s, loopback %s, a key there %s: warns %s', async (keysRequired, loopback, any, said) => {
  expect(String(await accessWarning({ keysRequired, loopback }, storeWithKey(any)))).toMatch(said);
});
