import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { BackendInfo } from '@trawl/spec';
import type { BackendChoice } from '../contract.js';
import { BackendError } from '../errors.js';
import { findNative, type NativeBuild, nativeDirectory } from '../native/builds.js';
import { runCommand } from '../native/command.js';
import { OWN_LIBRARIES, ownIn } from '../native/own.js';
import { type Missing, missingForNative } from '../native/prerequisites.js';

export interface BackendReport {
  /** The backend that `openBackend` would open, and why not a faster one. */
  backend: BackendInfo['backend'];
  device: string;
  /** CPU threads that it would use. */
  threads: number;
  versions: Record<string, string>;
  /** Null when none is installed. */
  native: NativeBuild | null;
  /** GPUs as nvidia-smi names them. */
  gpus: string[];
  /** What would make it faster; null when this is the fastest that this machine has. */
  faster: Faster | null;
}

export interface Faster {
  /** As a person would type it. */
  command: string;
  why: string;
  /** What must be there first, each with its remedy. */
  missing: Missing[];
}

const require = createRequire(import.meta.url);

/**
 * What `openBackend(choice)` would open on this machine, without opening it.
 * @throws BackendError when the choice is tfjs-node-gpu and no native build is installed.
 */
export async function backendReport(
  choice: BackendChoice = 'auto',
  options: { cacheDir?: string; threads?: number } = {},
): Promise<BackendReport> {
  const { cacheDir = nativeDirectory(), threads = availableParallelism() } = options;
  const [native, gpus] = await Promise.all([findNative(cacheDir), listGpus()]);
  if (choice === 'tfjs-node-gpu' && !native) {
    throw new BackendError(
      'tfjs-node-gpu: no native build is installed. Remedy: `trawl native install`, or backend auto.',
    );
  }
  const { version: tfjs }: { version: string } = require('@tensorflow/tfjs-core/package.json');
  const versions = { node: process.version, 'tfjs-core': tfjs };
  const faster = await fasterThan(native, gpus, cacheDir);
  if (native && (choice === 'auto' || choice === 'tfjs-node-gpu')) {
    const device = native.gpu && gpus[0] !== undefined ? `gpu:0 ${gpus[0]}` : 'cpu';
    return {
      backend: 'tfjs-node-gpu',
      device,
      threads,
      versions: { ...versions, tensorflow: native.version },
      native,
      gpus,
      faster,
    };
  }
  return { backend: choice === 'cpu' ? 'cpu' : 'wasm', device: 'cpu', threads: 1, versions, native, gpus, faster };
}

async function fasterThan(native: NativeBuild | null, gpus: string[], cacheDir: string): Promise<Faster | null> {
  const gpu = gpus.length > 0;
  if (native && (native.gpu || !gpu)) {
    const lacking = native.gpu ? [] : OWN_LIBRARIES.filter((library) => ownIn(native.dir, library) === null);
    if (lacking.length === 0) return null;
    const why = `compiles what the build lacks of ours (${lacking.join(', ')}), with which it trains faster`;
    return { command: 'trawl native install', why, missing: [] };
  }
  return {
    command: gpu ? 'trawl native install --gpu' : 'trawl native install',
    why: gpu ? 'uses the GPU' : 'trains convolutions about 3 times as fast as wasm on one core, and takes more cores',
    missing: await missingForNative({ from: 'wheel', gpu, cacheDir }),
  };
}

/** Names of the NVIDIA GPUs; none where there is no driver. */
export async function listGpus(): Promise<string[]> {
  const { code, stdout } = await runCommand('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']);
  return code === 0 ? stdout.split('\n').filter((line) => line.trim() !== '') : [];
}
