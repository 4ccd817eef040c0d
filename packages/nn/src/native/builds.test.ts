import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildKey, discard, findNative, makeStaging, nativeDirectory, removeNative, sweepLeftovers } from './builds.js';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'trawl-native-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

function addBuild(key: string, installedAt: string): void {
  mkdirSync(join(cache, key));
  writeFileSync(
    join(cache, key, 'build.json'),
    JSON.stringify({ key, version: '2.0.0', gpu: false, source: 'wheel', installedAt }),
  );
}

describe('native builds', () => {
  it('lie in the cache that XDG names, or in ~/.cache', () => {
    expect(nativeDirectory('/x')).toBe('/x/trawl/native');
    expect(nativeDirectory('')).toBe(nativeDirectory());
    expect(nativeDirectory()).toMatch(/\/\.cache\/trawl\/native$/);
  });

  it('are found: the newest of this machine and addon, and only when complete', async () => {
    expect(await findNative(cache)).toBeNull();
    expect(await findNative(join(cache, 'nowhere'))).toBeNull();
    addBuild(buildKey('old'), '2026-01-01T00:00:00.000Z');
    addBuild(buildKey('new'), '2026-02-01T00:00:00.000Z');
    addBuild('other+tfjs-node-1.0.0-linux-x64', '2026-03-01T00:00:00.000Z');
    addBuild(`.staging-1${buildKey('')}`, '2026-03-01T00:00:00.000Z');
    mkdirSync(join(cache, buildKey('incomplete')));
    const found = await findNative(cache);
    expect(found?.key).toBe(buildKey('new'));
    expect(found?.addon).toBe(join(cache, buildKey('new'), 'tfjs_binding.node'));
  });

  it('are removed, all of them; none is fine', async () => {
    addBuild(buildKey('old'), '2026-01-01T00:00:00.000Z');
    expect(await removeNative(cache)).toEqual([buildKey('old')]);
    expect(readdirSync(cache)).toEqual([]);
    expect(await removeNative(cache)).toEqual([]);
    await discard(cache, 'not there');
  });

  it('leave nothing of interrupted installs', async () => {
    addBuild(buildKey('whole'), '2026-01-01T00:00:00.000Z');
    mkdirSync(join(cache, '.staging-77'));
    mkdirSync(join(cache, '.trash-77-old'));
    await sweepLeftovers(cache);
    const staging = await makeStaging(cache);
    expect(readdirSync(cache).map((name) => join(cache, name))).toEqual([staging, join(cache, buildKey('whole'))]);
  });
});
