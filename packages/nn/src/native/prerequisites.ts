import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runCommand } from './command.js';

/** Something that a native install needs and this machine lacks. */
export interface Missing {
  what: string;
  remedy: string;
}

export type NativeSource = 'wheel' | 'official' | (string & {});

export interface NativePlan {
  /** `wheel`: from the Python package index; `official`: Google's archive; else a folder that holds an unpacked libtensorflow. */
  from: NativeSource;
  gpu: boolean;
  cacheDir: string;
}

const GIGABYTE = 1e9;
/** Wheel, libraries and headers side by side, before the first two go. CUDA's wheels add the most. */
const DISK_BYTES = { cpu: 2 * GIGABYTE, gpu: 12 * GIGABYTE };

/** The first C++ compiler there is, or null. */
export async function findCompiler(): Promise<string | null> {
  for (const name of ['g++', 'clang++', 'c++']) {
    if ((await runCommand(name, ['--version'])).code === 0) return name;
  }
  return null;
}

/** Everything that is missing, not only the first. */
export async function missingForNative({ from, gpu, cacheDir }: NativePlan): Promise<Missing[]> {
  const missing: Missing[] = [];
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    const what = `native builds are for Linux on x64 or arm64; this is ${process.platform} on ${process.arch}`;
    return [{ what, remedy: 'train on the wasm backend' }];
  }
  if (await isMusl()) {
    missing.push({
      what: 'glibc: this system has musl, for which there is no libtensorflow',
      remedy: 'use a Debian or Ubuntu image',
    });
  }
  if (from === 'wheel') missing.push(...(await missingPython()));
  if ((await findCompiler()) === null) {
    missing.push({ what: 'a C++ compiler (g++ or clang++)', remedy: 'apt-get install g++' });
  }
  missing.push(...(await missingDisk(cacheDir, gpu ? DISK_BYTES.gpu : DISK_BYTES.cpu)));
  if (gpu && (await runCommand('nvidia-smi', ['-L'])).code !== 0) {
    missing.push({
      what: 'an NVIDIA driver (nvidia-smi finds no GPU)',
      remedy: 'install the driver, or leave out --gpu',
    });
  }
  return missing;
}

async function missingPython(): Promise<Missing[]> {
  if ((await runCommand('python3', ['--version'])).code !== 0) {
    return [{ what: 'python3, which fetches and unpacks the wheel', remedy: 'apt-get install python3 python3-pip' }];
  }
  if ((await runCommand('python3', ['-m', 'pip', '--version'])).code !== 0) {
    return [{ what: 'pip, which fetches the wheel', remedy: 'apt-get install python3-pip' }];
  }
  return [];
}

const gigabytes = (bytes: number): string => `${(bytes / GIGABYTE).toFixed(1)} GB`;

/** Where there is less free than wanted, or nothing can be written. */
export async function missingDisk(cacheDir: string, wanted: number): Promise<Missing[]> {
  const dir = await nearestFolder(cacheDir);
  try {
    await access(dir, constants.W_OK);
  } catch {
    return [
      { what: `a folder to write to: ${dir} is read-only`, remedy: 'set XDG_CACHE_HOME to a folder of your own' },
    ];
  }
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free >= wanted) return [];
  const what = `disk space: ${gigabytes(free)} free in ${dir}; needed: ${gigabytes(wanted)}`;
  return [{ what, remedy: 'make room, or set XDG_CACHE_HOME to a larger disk' }];
}

/** The folder itself, or where it would be made. */
async function nearestFolder(dir: string): Promise<string> {
  const there = await stat(dir).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return there || dirname(dir) === dir ? dir : nearestFolder(dirname(dir));
}

async function isMusl(): Promise<boolean> {
  const { stdout, stderr } = await runCommand('ldd', ['--version']);
  return `${stdout}${stderr}`.includes('musl');
}
