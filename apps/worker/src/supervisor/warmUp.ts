import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { type Machine, trainerEnv, trainerSettings } from './devices.js';

const ENTRY = fileURLToPath(new URL('../trainer/warmUp.js', import.meta.url));

/**
 * Has CUDA compile what it must for this machine's GPUs, which takes minutes the first time, before the worker takes a
 * run: none is then claimed, nor taken for stalled, meanwhile. A failure is only told: a run will fail of the same with
 * its own message.
 */
export async function warmUp(config: Config, machine: Machine, log: Logger): Promise<void> {
  const began = performance.now();
  log.info('warming up: CUDA may compile for minutes, once a machine');
  // One is enough: GPUs of a kind share what is compiled.
  const child = fork(ENTRY, [JSON.stringify(trainerSettings(config, machine))], {
    env: trainerEnv(config, machine, 0),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-2_000)));
  const [code, signal] = await once(child, 'exit');
  process.removeListener('exit', kill);
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  if (code === 0) log.info({ seconds }, 'warmed up');
  else log.warn({ seconds, code, signal, words }, 'warming up failed');
}
