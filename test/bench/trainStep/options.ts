import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { BadArguments } from '../badArguments.js';
import type { BenchedModel } from './workload.js';
import { WORKLOADS } from './workload.js';

export const BACKENDS = ['tfjs-node-gpu', 'wasm'] as const;
export type BenchedBackend = (typeof BACKENDS)[number];

export interface Options {
  model: BenchedModel;
  sizes: number[];
  batches: number[];
  /** Of native TensorFlow; wasm has one thread. */
  threads: number[];
  backends: BenchedBackend[];
  /** Turns of every process in a case. */
  rounds: number;
  /** Prints where the time of a step goes. */
  profile: boolean;
}

const FLAGS = {
  model: { type: 'string', default: 'ps-vae' },
  quick: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  size: { type: 'string' },
  batch: { type: 'string' },
  threads: { type: 'string' },
  backend: { type: 'string', default: BACKENDS.join(',') },
} as const;

const SHOWN = [
  `--model ${Object.keys(WORKLOADS).join('|')}`,
  '--quick',
  '--profile',
  '--size 64,128',
  '--batch 32,100',
  '--threads 1,4',
  `--backend ${BACKENDS.join(',')}`,
];

/** @throws BadArguments */
export function parseOptions(args: string[]): Options {
  const values = flagsOf(args);
  const { quick, profile } = values;
  const cores = availableParallelism();
  return {
    model: oneOf('--model', values.model, models()),
    sizes: numbers('--size', values.size ?? (quick ? '64' : '64,128'), 16, 256),
    batches: numbers('--batch', values.batch ?? (quick ? '32' : '32,100'), 2, 10_000),
    threads: numbers('--threads', values.threads ?? (quick ? `${cores}` : `1,${cores}`), 1, 1024),
    backends: listed(values.backend).map((name) => oneOf('--backend', name, BACKENDS)),
    rounds: quick ? 3 : 7,
    profile,
  };
}

function flagsOf(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS, strict: true }).values;
  } catch {
    throw new BadArguments('train-step', args.join(' '), SHOWN);
  }
}

const models = (): BenchedModel[] => Object.keys(WORKLOADS).flatMap((name) => (isModel(name) ? [name] : []));
const isModel = (name: string): name is BenchedModel => Object.hasOwn(WORKLOADS, name);

const listed = (text: string): string[] => [...new Set(text.split(','))];

function oneOf<T extends string>(flag: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === given);
  if (found === undefined) throw new BadArguments(flag, given, allowed);
  return found;
}

function numbers(flag: string, text: string, low: number, high: number): number[] {
  return listed(text).map((given) => {
    const value = Number(given);
    if (!/^\d+$/.test(given) || value < low || value > high)
      throw new BadArguments(flag, given, [`whole numbers from ${low} to ${high}, separated by commas`]);
    return value;
  });
}
