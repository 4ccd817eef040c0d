import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { z } from 'zod';
import { CannotStart } from '../cannotStart.js';
import type { Config } from '../config.js';
import { lookAtMachine, type Machine, trainerEnv, trainerSettings } from './devices.js';

const ENTRY = fileURLToPath(new URL('../trainer/tryBackend.js', import.meta.url));

const Tried = z.union([
  z.object({ device: z.string(), fault: z.null() }),
  z.object({ device: z.null(), fault: z.string() }),
]);

/**
 * The machine with what its trainers can really open: a backend that cannot open would fail every run that this worker
 * takes. Before the worker is ready, since on a GPU it warms up too: CUDA compiles for minutes the first time, and no
 * run should be claimed, or taken for stalled, meanwhile.
 * @throws CannotStart with what the backend said
 */
export async function withBackend(config: Config, machine: Machine, log: Logger): Promise<Machine> {
  // These come with the packages.
  if (config.backend === 'wasm' || config.backend === 'cpu') return machine;
  const gpu = machine.capability === 'gpu';
  if (gpu) log.info('warming up: CUDA may compile for minutes, once a machine');
  const began = performance.now();
  // One slot is enough: GPUs of a kind share what is compiled.
  const device = await tried(config, machine);
  if (gpu) log.info({ seconds: Number(((performance.now() - began) / 1000).toFixed(1)), device }, 'warmed up');
  if (!gpu || device.startsWith('gpu')) return machine;
  const why = `there are GPUs (${machine.devices.join(', ')}), but TensorFlow opens on ${device}`;
  const remedy = '`trawl native install --gpu`';
  if (config.capability === 'gpu') throw new CannotStart(`${why}. Remedy: ${remedy}, or TRAWL_CAPABILITY=cpu`);
  log.warn(`${why}: this worker trains on the CPU. Remedy: ${remedy}`);
  return lookAtMachine({ ...config, capability: 'cpu' });
}

async function tried(config: Config, machine: Machine): Promise<string> {
  const child = fork(ENTRY, [JSON.stringify(trainerSettings(config, machine, 0)), machine.capability], {
    env: trainerEnv(config, machine, 0),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-2_000)));
  let said: unknown;
  child.once('message', (message) => (said = message));
  const [code, signal] = await once(child, 'close');
  process.removeListener('exit', kill);
  const { data } = Tried.safeParse(said);
  if (data?.fault === null) return data.device;
  const fault = data?.fault ?? `opening it ended the process (${signal ?? `exit ${code}`}): ${words.trim()}`;
  throw new CannotStart(`TRAWL_BACKEND=${config.backend} cannot train here: ${fault}`);
}
