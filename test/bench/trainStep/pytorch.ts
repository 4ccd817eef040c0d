import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Child } from './child.js';
import { startChild } from './child.js';
import type { BenchedModel, Workload } from './workload.js';

const run = promisify(execFile);
// From the build, which holds no Python.
const script = (name: string): string => fileURLToPath(new URL(`../../../bench/trainStep/${name}`, import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url));
/** By model: its file, which holds itself against numbers of the original's. */
const MODELS = {
  'ps-vae': { file: 'ps_vae.py', vectors: 'psvae.json' },
  dlp: { file: 'dlp.py', vectors: 'dlp.json' },
} as const satisfies Record<BenchedModel, { file: string; vectors: string }>;
// No __pycache__ beside the sources.
const PYTHON = ['python3', '-B'] as const;

export type Device = 'cpu' | 'cuda';

export interface PyTorch {
  /** Where it can compute; nowhere when it is missing or does not compute what trawl does. */
  devices: Device[];
  about: string;
}

/** Whether PyTorch 2 is here, and its model computes what trawl's does. */
export async function findPyTorch(model: BenchedModel): Promise<PyTorch> {
  const [command, ...flags] = PYTHON;
  try {
    const ask = 'import torch; print(torch.__version__, torch.cuda.is_available())';
    const { stdout } = await run(command, [...flags, '-c', ask]);
    const [version = '', cuda] = stdout.trim().split(' ');
    if (Number.parseInt(version, 10) < 2) return { devices: [], about: `PyTorch ${version} is older than 2` };
    const { file, vectors } = MODELS[model];
    const checked = await run(command, [...flags, script(file), fixture(vectors)]);
    return {
      devices: cuda === 'True' ? ['cpu', 'cuda'] : ['cpu'],
      about: `PyTorch ${version}; its ${model}: ${checked.stdout.trim()}`,
    };
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return { devices: [], about: `no PyTorch to compare with: ${stderr.trim().split('\n').at(-1)}` };
  }
}

export function startPyTorch(workload: Workload, threads: number, device: Device): Promise<Child> {
  const [command, ...flags] = PYTHON;
  return startChild(command, [...flags, script('torch_stepper.py'), JSON.stringify({ ...workload, threads, device })]);
}
