import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { LocalArtifacts } from './local.js';
import { type Place, pieces, readText, sha, testsOfArtifacts } from './suite.testing.js';

async function openLocal(): Promise<Place & { folder: string; files: LocalArtifacts }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trawl-files-'));
  const at = path.join(folder, 'artifacts');
  return {
    folder,
    files: new LocalArtifacts(at),
    age: (sha256) => utimes(path.join(at, sha256.slice(0, 2), sha256), new Date(0), new Date(0)),
    count: async () =>
      (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).length,
    close: () => rm(folder, { recursive: true }),
  };
}

testsOfArtifacts(openLocal, 50);

test('the same content is one file, and no name leads out of the folder', async () => {
  const { folder, files, count, close } = await openLocal();
  await Promise.all(Array.from({ length: 8 }, () => files.put(pieces('same'))));
  expect(await count()).toBe(1);
  await writeFile(path.join(folder, 'secret'), 'secret');
  expect(await readText(files, '../secret')).toBeNull();
  expect(await files.delete('../secret')).toBe(false);
  expect(await readFile(path.join(folder, 'secret'), 'utf8')).toBe('secret');
  await close();
});

test('uploads that have not ended are listed and removed', async () => {
  const { folder, files, close } = await openLocal();
  const incoming = path.join(folder, 'artifacts/incoming');
  await mkdir(incoming, { recursive: true });
  await writeFile(path.join(incoming, 'old'), 'part');
  await utimes(path.join(incoming, 'old'), new Date(0), new Date(0));
  await files.put(pieces('whole'));
  const unfinished = [];
  for await (const file of files.unfinished()) unfinished.push(file);
  expect(unfinished).toEqual([{ name: 'old', size: 4, modifiedAt: new Date(0) }]);
  expect(await files.removeUnfinished('old')).toBe(true);
  expect(await files.removeUnfinished('old')).toBe(false);
  expect(await readText(files, sha('whole'))).toBe('whole');
  await close();
});
