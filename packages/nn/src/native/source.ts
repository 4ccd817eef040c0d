import type { Buffer } from 'node:buffer';
import { copyFile, constants, mkdir, rm, stat } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NativeInstallError } from '../errors.js';
import { lastLines, runCommand } from './command.js';

/** A libtensorflow that can be compiled against: its libraries lie in `<staging>/tensorflow`. */
export interface Library {
  /** File names, the C API's first. */
  files: readonly [string, string];
  /** Folder with tensorflow/c/c_api.h. */
  include: string;
}

/** File names: the wheel's first, then the archive's. */
const LIBRARY_FILES = [
  ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
  ['libtensorflow.so.2', 'libtensorflow_framework.so.2'],
] as const;

/** How a libtensorflow may lie in a folder: unpacked wheel, its tensorflow folder, archive. */
const LAYOUTS = [
  { libraries: 'tensorflow', include: 'tensorflow/include' },
  { libraries: '.', include: 'include' },
  { libraries: 'lib', include: 'include' },
];

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Finds a libtensorflow in a folder and copies its libraries to `<staging>/tensorflow`, if they do not lie there already. */
export async function takeLibrary(folder: string, staging: string): Promise<Library> {
  const root = resolve(folder);
  for (const layout of LAYOUTS) {
    const from = join(root, layout.libraries);
    const include = join(root, layout.include);
    if (!(await exists(join(include, 'tensorflow', 'c', 'c_api.h')))) continue;
    for (const files of LIBRARY_FILES) {
      if (!(await exists(join(from, files[0]))) || !(await exists(join(from, files[1])))) continue;
      const to = join(staging, 'tensorflow');
      await mkdir(to, { recursive: true });
      if (from !== to) {
        for (const file of files) await copyFile(join(from, file), join(to, file), constants.COPYFILE_FICLONE);
      }
      return { files, include };
    }
  }
  throw new NativeInstallError(
    `${root}: no libtensorflow; wanted ${LIBRARY_FILES.map(([file]) => file).join(' or ')} and include/tensorflow/c/c_api.h\n` +
      'Remedy: name the folder of an unpacked tensorflow wheel or libtensorflow archive.',
  );
}

/** The newest archive that Google has published. */
export const ARCHIVE_VERSION = '2.18.1';

const archiveUrl = (gpu: boolean): string =>
  `https://storage.googleapis.com/tensorflow/versions/${ARCHIVE_VERSION}/libtensorflow-${gpu ? 'gpu' : 'cpu'}-linux-x86_64.tar.gz`;

/** Downloads and unpacks Google's archive of the C library. Its GPU build takes CUDA from the system. Returns the folder. */
export async function downloadArchive(staging: string, gpu: boolean): Promise<string> {
  const url = archiveUrl(gpu);
  const folder = join(staging, 'download');
  const archive = join(folder, 'libtensorflow.tar.gz');
  await mkdir(folder);
  try {
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    await pipeline(response.body as AsyncIterable<Buffer>, createWriteStream(archive));
  } catch (error) {
    // fetch hides why in the cause.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new NativeInstallError(
      `${url}: ${cause instanceof Error ? cause.message : String(cause)}\nRemedy: install from the wheel (--from wheel), or --from a folder.`,
      { cause: error },
    );
  }
  const unpacked = await runCommand('tar', ['-xzf', archive, '-C', folder]);
  if (unpacked.code !== 0)
    throw new NativeInstallError(`${url}: broken download: ${lastLines(unpacked, 1)}\nRemedy: run the install again.`);
  await rm(archive);
  return folder;
}
