import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDataRoots } from './startup.js';

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
