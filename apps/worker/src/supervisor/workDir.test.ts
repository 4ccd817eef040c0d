import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorkDir } from './workDir.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'trawl-work-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

it('clears up after workers of this host that are gone, and after nobody else', async () => {
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const [gone, before, alive, elsewhere] = [dead, process.pid, process.ppid, 'x'].map((id) =>
    id === 'x' ? `other-host-${dead}` : `${hostname()}-${id}`,
  );
  for (const name of [gone, before, alive, elsewhere]) {
    mkdirSync(join(dataDir, 'work', name ?? '', 'attempt-1'), { recursive: true });
    writeFileSync(join(dataDir, 'work', name ?? '', 'attempt-1/checkpoint'), 'x');
  }
  const work = openWorkDir(dataDir);
  expect(new Set(readdirSync(join(dataDir, 'work')))).toEqual(new Set([alive, elsewhere]));
  expect(readdirSync(await work.attempt())).toEqual([]);
  work.remove();
  expect(new Set(readdirSync(join(dataDir, 'work')))).toEqual(new Set([alive, elsewhere]));
});
