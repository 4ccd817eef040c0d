import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lock } from 'proper-lockfile';
import { NativeInstallError } from '../errors.js';
import {
  ADDON_FILE,
  BUILD_FILE,
  buildKey,
  discard,
  findNative,
  makeStaging,
  type NativeBuild,
  nativeDirectory,
  sweepLeftovers,
} from './builds.js';
import { lastLines, runCommand } from './command.js';
import { compileAddon } from './compile.js';
import { missingForNative, type NativeSource } from './prerequisites.js';
import { ARCHIVE_VERSION, downloadArchive, takeLibrary } from './source.js';
import { downloadWheel, WHEEL_VERSION, wheelName } from './wheel.js';

export interface InstallOptions {
  /** Default `wheel`. */
  from?: NativeSource;
  /** Default false. */
  gpu?: boolean;
  /** Default `nativeDirectory()`. */
  cacheDir?: string;
  onProgress?: (message: string) => void;
}

export interface SmokeResult {
  ok: boolean;
  version: string;
  gpu: boolean;
}

/**
 * Makes a native build: libtensorflow from somewhere, the addon compiled against it, a smoke test, one rename into
 * the cache. A build that is there already and passes the smoke test is left as it is; an interrupted install leaves
 * nothing that counts; a second install at the same time waits for the first.
 *
 * Throws NativeInstallError, with the remedy of each thing that is missing.
 */
export async function installNative(options: InstallOptions = {}): Promise<NativeBuild> {
  const { from = 'wheel', gpu = false, cacheDir = nativeDirectory(), onProgress = () => {} } = options;
  const missing = await missingForNative({ from, gpu, cacheDir });
  if (missing.length > 0) {
    throw new NativeInstallError(missing.map(({ what, remedy }) => `missing: ${what}\n  remedy: ${remedy}`).join('\n'));
  }
  await mkdir(cacheDir, { recursive: true });
  const release = await lockCache(cacheDir, onProgress);
  try {
    await sweepLeftovers(cacheDir);
    const known = await findNative(cacheDir);
    if (known && known.key === keyOf(from, gpu) && (await smokeTest(known.addon)).ok) {
      onProgress(`TensorFlow ${known.version} is installed already`);
      return known;
    }
    return await build({ from, gpu, cacheDir, onProgress });
  } finally {
    await release();
  }
}

/** The key of a source whose release is known beforehand; a folder's is known only after the smoke test. */
function keyOf(from: NativeSource, gpu: boolean): string | null {
  if (from === 'wheel') return buildKey(`${wheelName(gpu)}-${WHEEL_VERSION}`);
  if (from === 'official') return buildKey(`libtensorflow-${gpu ? 'gpu' : 'cpu'}-${ARCHIVE_VERSION}`);
  return null;
}

async function build({ from, gpu, cacheDir, onProgress }: Required<InstallOptions>): Promise<NativeBuild> {
  const staging = await makeStaging(cacheDir);
  try {
    const folder = await fetchLibrary(from, gpu, staging, onProgress);
    const library = await takeLibrary(folder, staging);
    onProgress('compiling the addon');
    await compileAddon(staging, library);
    await rm(join(staging, 'tensorflow', 'include'), { recursive: true, force: true });
    await rm(join(staging, 'download'), { recursive: true, force: true });
    onProgress('smoke test');
    const smoke = await smokeTest(join(staging, ADDON_FILE));
    if (!smoke.ok)
      throw new NativeInstallError(
        'the build computes wrong numbers\nRemedy: use another release of TensorFlow, or the wasm backend.',
      );
    const key = keyOf(from, gpu) ?? buildKey(`folder-${smoke.version}`);
    const installedAt = new Date().toISOString();
    const made: NativeBuild = {
      key,
      dir: join(cacheDir, key),
      addon: join(cacheDir, key, ADDON_FILE),
      version: smoke.version,
      gpu,
      source: from,
      installedAt,
    };
    await writeFile(join(staging, BUILD_FILE), `${JSON.stringify(made, null, 2)}\n`);
    await discard(cacheDir, key).catch(() => {});
    await rename(staging, made.dir);
    onProgress(`TensorFlow ${made.version} installed in ${made.dir}`);
    return made;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function fetchLibrary(
  from: NativeSource,
  gpu: boolean,
  staging: string,
  say: (message: string) => void,
): Promise<string> {
  if (from === 'official') {
    say(`downloading libtensorflow ${ARCHIVE_VERSION}`);
    return downloadArchive(staging, gpu);
  }
  if (from !== 'wheel') return from;
  await downloadWheel(staging, gpu, say);
  return staging;
}

/** Two installs at once would fetch everything twice. A lock whose holder died is taken over after `stale`. */
async function lockCache(cacheDir: string, say: (message: string) => void): Promise<() => Promise<void>> {
  const options = { lockfilePath: join(cacheDir, '.lock'), stale: 15_000 };
  try {
    return await lock(cacheDir, options);
  } catch {
    say('waiting for another install');
    const minutes = 30;
    return lock(cacheDir, {
      ...options,
      retries: { retries: minutes * 60, factor: 1, minTimeout: 1000, maxTimeout: 1000 },
    });
  }
}

async function smokeTest(addon: string): Promise<SmokeResult> {
  const program = fileURLToPath(new URL('./smoke.js', import.meta.url));
  const result = await runCommand(process.execPath, [program, addon]);
  if (result.code !== 0) {
    throw new NativeInstallError(
      `the build does not run:\n${lastLines(result)}\nRemedy: use another release of TensorFlow, or the wasm backend.`,
    );
  }
  return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '');
}
