import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingDisk, missingForNative } from './prerequisites.js';
import { takeLibrary } from './source.js';
import { unpackWheels } from './wheel.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-native-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
}

describe('takeLibrary', () => {
  it.each([
    ['an unpacked wheel', 'tensorflow/', 'tensorflow/include/', 'libtensorflow_cc.so.2'],
    ["a wheel's tensorflow folder", '', 'include/', 'libtensorflow_cc.so.2'],
    ['an archive', 'lib/', 'include/', 'libtensorflow.so.2'],
  ])('takes %s', async (_, libraries, include, file) => {
    write(`in/${libraries}${file}`, `in/${libraries}libtensorflow_framework.so.2`, `in/${include}tensorflow/c/c_api.h`);
    const library = await takeLibrary(join(folder, 'in'), join(folder, 'out'));
    expect(library.files).toEqual([file, 'libtensorflow_framework.so.2']);
    expect(library.include).toBe(join(folder, 'in', include.replace(/\/$/, '')));
    expect(readFileSync(join(folder, 'out', 'tensorflow', file), 'utf8')).toBe(`in/${libraries}${file}`);
  });

  it('says what it wanted', async () => {
    await expect(takeLibrary(folder, folder)).rejects.toThrow(
      'no libtensorflow; wanted libtensorflow_cc.so.2 or libtensorflow.so.2 and include/tensorflow/c/c_api.h',
    );
  });
});

/** A wheel of two files, with a RECORD whose checksum of the first may be wrong. */
function makeWheel(checksum: string): void {
  const program = `
import sys, zipfile, hashlib, base64
h = lambda b: "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(b).digest()).rstrip(b"=").decode()
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("a/lib.so", b"library")
    z.writestr("a/other.py", b"python")
    z.writestr("a-1.dist-info/METADATA", "Name: a")
    z.writestr("a-1.dist-info/RECORD", "a/lib.so,%s,7\\na/other.py,%s,6\\n" % (sys.argv[2] or h(b"library"), h(b"python")))`;
  mkdirSync(join(folder, 'wheels'));
  execFileSync('python3', ['-c', program, join(folder, 'wheels', 'a-1-py3-none-any.whl'), checksum]);
}

describe.skipIf(spawnSync('python3', ['--version']).error)('unpackWheels (skipped without python3)', () => {
  it('takes what matches and deletes the wheel', async () => {
    makeWheel('');
    expect(await unpackWheels(join(folder, 'wheels'), join(folder, 'to'), String.raw`a/.*\.so`)).toEqual(['Name: a\n']);
    expect(readdirSync(join(folder, 'to', 'a'))).toEqual(['lib.so']);
    expect(readdirSync(join(folder, 'wheels'))).toEqual([]);
  });

  it('refuses a wheel that is cut short', async () => {
    makeWheel('');
    const wheel = join(folder, 'wheels', 'a-1-py3-none-any.whl');
    writeFileSync(wheel, readFileSync(wheel).subarray(0, 100));
    await expect(unpackWheels(join(folder, 'wheels'), join(folder, 'to'), 'a/')).rejects.toThrow(
      /^a-1-py3-none-any\.whl: broken download: .*not a zip file.*\nRemedy: run the install again\.$/,
    );
  });

  it('refuses a file that does not have its checksum', async () => {
    makeWheel('sha256=AAAA');
    await expect(unpackWheels(join(folder, 'wheels'), join(folder, 'to'), 'a/')).rejects.toThrow(
      'broken download: a/lib.so does not have the checksum of RECORD\nRemedy: run the install again.',
    );
  });
});

describe('missingForNative', () => {
  it('names everything that is missing at once, each with its remedy', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      const missing = await missingForNative({ from: 'wheel', gpu: true, cacheDir: join(folder, 'not', 'yet') });
      expect(missing.map(({ remedy }) => remedy)).toEqual([
        'apt-get install python3 python3-pip',
        'apt-get install g++',
        'install the driver, or leave out --gpu',
      ]);
    } finally {
      process.env['PATH'] = path;
    }
  });
});

describe('missingDisk', () => {
  it('says how much is free, how much is needed, and where', async () => {
    expect(await missingDisk(folder, 1)).toEqual([]);
    const [missing] = await missingDisk(join(folder, 'not', 'yet'), 1e18);
    expect(missing?.what).toMatch(/^disk space: [\d.]+ GB free in .*; needed: 1000000000\.0 GB$/);
    expect(missing?.what).toContain(`free in ${folder};`);
    expect(missing?.remedy).toBe('make room, or set XDG_CACHE_HOME to a larger disk');
  });
});
