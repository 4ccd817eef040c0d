import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lock } from 'proper-lockfile';
import { NativeInstallError } from '../errors.js';
import {
  ADDON_FILE,
  buildKey,
  discard,
  makeStaging,
  type NativeBuild,
  nativeDirectory,
  readBuild,
  sweepLeftovers,
  writeBuild,
} from './builds.js';
import { lastLines, runCommand } from './command.js';
import { cudaFolders } from './cuda.js';
import { compileAddon, compileOwn } from './compile.js';
import { OWN_LIBRARIES, ownIn } from './own.js';
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
    const known = await installedAlready(keyOf(from, gpu), cacheDir);
    if (!known) return await build({ from, gpu, cacheDir, onProgress });
    onProgress(`TensorFlow ${known.version} is installed already`);
    await addOwn(known.dir, onProgress);
    return known;
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

/** The build of a key, made the newest, if it is there and works. */
async function installedAlready(key: string | null, cacheDir: string): Promise<NativeBuild | null> {
  const known = key === null ? null : await readBuild(cacheDir, key);
  if (!known) return null;
  try {
    await smokeTest(known.addon, known.gpu);
  } catch {
    return null;
  }
  const newest = { ...known, installedAt: new Date().toISOString() };
  await writeBuild(known.dir, newest);
  return newest;
}

async function build({ from, gpu, cacheDir, onProgress }: Required<InstallOptions>): Promise<NativeBuild> {
  const staging = await makeStaging(cacheDir);
  try {
    const folder = await fetchLibrary(from, gpu, staging, onProgress);
    const library = await takeLibrary(folder, staging);
    onProgress('compiling the addon');
    await compileAddon(staging, library);
    await addOwn(staging, onProgress);
    await rm(join(staging, 'tensorflow', 'include'), { recursive: true, force: true });
    await rm(join(staging, 'download'), { recursive: true, force: true });
    onProgress('smoke test');
    const { version } = await smokeTest(join(staging, ADDON_FILE), gpu);
    const key = keyOf(from, gpu) ?? buildKey(`folder-${version}`);
    const dir = join(cacheDir, key);
    const made = {
      key,
      dir,
      addon: join(dir, ADDON_FILE),
      version,
      gpu,
      source: from,
      installedAt: new Date().toISOString(),
    };
    await writeBuild(staging, made);
    await discard(cacheDir, key);
    await rename(staging, dir);
    onProgress(`TensorFlow ${version} installed in ${dir}`);
    return made;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Our own libraries, unless the build has them: older ones, of an older trawl, stay for it. */
async function addOwn(dir: string, say: (message: string) => void): Promise<void> {
  for (const own of OWN_LIBRARIES) {
    if (ownIn(dir, own) !== null) continue;
    say(`compiling ${own} of ours`);
    const libraries = (await readdir(join(dir, 'tensorflow'))).filter((name) => name.includes('.so'));
    const fault = await compileOwn(own, dir, libraries);
    if (fault !== null) say(`${own} of ours did not compile, and training is slower without: ${fault}`);
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

const LOCK_MINUTES = 30;

/** Two installs at once would fetch everything twice. A lock whose holder died is taken over after `stale` ms. */
async function lockCache(cacheDir: string, say: (message: string) => void): Promise<() => Promise<void>> {
  const options = { lockfilePath: join(cacheDir, '.lock'), stale: 15_000 };
  try {
    return await lock(cacheDir, options);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
    say('waiting for another install');
    const retries = { retries: LOCK_MINUTES * 60, factor: 1, minTimeout: 1000, maxTimeout: 1000 };
    return lock(cacheDir, { ...options, retries });
  }
}

const OTHER_RELEASE = 'Remedy: use another release of TensorFlow, or the wasm backend.';

/** Computes with an addon in a process of its own. Throws when it does not, or sees no GPU where it should. */
async function smokeTest(addon: string, gpu: boolean): Promise<SmokeResult> {
  const program = fileURLToPath(new URL('./smoke.js', import.meta.url));
  const folders = await cudaFolders(dirname(addon));
  const script = 'LD_LIBRARY_PATH="$1${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$2" "$3" "$4"';
  const run = await (folders.length === 0
    ? runCommand(process.execPath, [program, addon])
    : runCommand('sh', ['-c', script, 'sh', folders.join(':'), process.execPath, program, addon]));
  if (run.code !== 0) throw new NativeInstallError(`the build does not run:\n${lastLines(run)}\n${OTHER_RELEASE}`);
  const result: SmokeResult = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '');
  if (!result.ok) throw new NativeInstallError(`the build computes wrong numbers\n${OTHER_RELEASE}`);
  if (gpu && !result.gpu) {
    throw new NativeInstallError(
      'TensorFlow sees no GPU\nRemedy: nvidia-smi must list one, and CUDA_VISIBLE_DEVICES not hide it.',
    );
  }
  return result;
}
