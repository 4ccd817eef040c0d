import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installedCudaFolders, nativeDirectory } from '@trawl/nn/native';
import type { Capability } from '@trawl/store';
import { CannotStart } from '../cannotStart.js';
import type { Config, TrainerSettings } from '../config.js';

export interface Machine {
  capability: Capability;
  /** As shown to people: `gpu:0 NVIDIA H100`; empty on the CPU. */
  devices: string[];
  /** What slot i sees: CUDA_VISIBLE_DEVICES of its trainers. */
  visible: string[];
  /** The device of slot i, by number; the CPU is one. */
  deviceOf: number[];
  threads: number;
  /** Of CUDA, in front of LD_LIBRARY_PATH of its trainers; none on the CPU. */
  libraries: string[];
}

/** Hides every GPU. */
const NONE = '-1';
const NVIDIA_SMI_MS = 10_000;

/** What this worker offers, from its configuration and, where that leaves it open, from nvidia-smi. */
export async function lookAtMachine(config: Config): Promise<Machine> {
  const usable = config.backend === 'auto' || config.backend === 'tfjs-node-gpu';
  const wanted = config.capability !== 'cpu' && usable;
  const gpus = !wanted
    ? []
    : config.devices === null
      ? await listGpus()
      : config.devices.map((id) => ({ id, name: '' }));
  if (config.capability === 'gpu' && gpus.length === 0) {
    throw new CannotStart(
      'TRAWL_CAPABILITY=gpu, but no GPU is to be had: nvidia-smi lists none (or TRAWL_BACKEND rules them out). ' +
        'Name them in TRAWL_DEVICES, or set TRAWL_CAPABILITY=cpu',
    );
  }
  const slots = config.slots ?? (gpus.length > 0 ? gpus.length : config.cores);
  return {
    capability: gpus.length > 0 ? 'gpu' : 'cpu',
    devices: gpus.map(({ id, name }) => `gpu:${id} ${name}`.trim()),
    visible: Array.from({ length: slots }, (_, slot) => gpus[slot % gpus.length]?.id ?? NONE),
    deviceOf: Array.from({ length: slots }, (_, slot) => (gpus.length > 0 ? slot % gpus.length : 0)),
    threads: config.threads ?? Math.max(1, Math.floor(config.cores / slots)),
    libraries: gpus.length > 0 ? await installedCudaFolders(nativeDirectory(config.cacheHome ?? undefined)) : [],
  };
}

/**
 * The part of its device that a run takes. The CPU's is the same for all, that of a slot, since their threads are; but
 * one that was out of memory has the host's for itself, as it has a GPU's.
 */
export function shareOf({ capability, visible }: Machine, { gpuShare, alone }: { gpuShare: number; alone: boolean }) {
  if (alone) return 1;
  return capability === 'gpu' ? gpuShare : 1 / visible.length;
}

async function listGpus(): Promise<{ id: string; name: string }[]> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', ['--query-gpu=index,name', '--format=csv,noheader'], {
      timeout: NVIDIA_SMI_MS,
    });
    return stdout
      .split('\n')
      .map((line) => line.split(',').map((part) => part.trim()))
      .flatMap(([id, name]) => (id !== undefined && /^\d+$/.test(id) ? [{ id, name: name ?? '' }] : []));
  } catch {
    return [];
  }
}

/** The environment of a trainer in a slot. */
export function trainerEnv(config: Config, machine: Machine, slot: number): NodeJS.ProcessEnv {
  const threads = String(machine.threads);
  const folders = [...machine.libraries, config.trainerEnv['LD_LIBRARY_PATH'] ?? ''].filter((folder) => folder !== '');
  return {
    // The user's own settings win over the defaults here, except for what makes a slot a slot.
    TF_CPP_MIN_LOG_LEVEL: '2',
    // Without it TensorFlow takes nearly all memory of the device at once.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_DETERMINISTIC_OPS: '1',
    TF_CUDNN_DETERMINISTIC: '1',
    // What CUDA has compiled for this GPU, in ~/.nv: the default of 1 GB does not hold TensorFlow's kernels.
    CUDA_CACHE_MAXSIZE: '4294967296',
    ...config.trainerEnv,
    // As nvidia-smi counts; CUDA's own order begins with the fastest.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: machine.visible[slot] ?? NONE,
    ...(machine.libraries.length > 0 && { LD_LIBRARY_PATH: folders.join(':') }),
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: threads,
  };
}

/** What a trainer is told on its command line. */
export const trainerSettings = (config: Config, machine: Machine, slot: number): TrainerSettings => ({
  supervisorPid: process.pid,
  backend: config.backend,
  threads: machine.threads,
  device: machine.devices[machine.deviceOf[slot] ?? 0] ?? null,
  runs: config.warmRuns,
  trainerLog: config.trainerLog,
  trainerModule: config.trainerModule,
  cacheHome: config.cacheHome,
});
