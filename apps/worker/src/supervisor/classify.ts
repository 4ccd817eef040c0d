import type { FailureClass } from '@trawl/spec';
import { isOutOfMemory } from '../outOfMemory.js';

export interface Failure {
  failure: FailureClass;
  message: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** 128 + 9: a shell or a container between us and the kernel reports SIGKILL so. */
const KILLED = 137;

/**
 * Why a trainer ended that gave no result and that nobody here killed.
 * SIGKILL counts as out of memory: the kernel's killer is the one that sends it unasked, and a hand that
 * does gets the same treatment, another try.
 * @param output the end of what it wrote to stdout and stderr
 */
export function classifyExit({ code, signal }: Exit, output: string): Failure {
  const how = signal === null ? `exit code ${code}` : signal;
  const last = output.trim().split('\n').at(-1)?.slice(-500) ?? '';
  const said = last === '' ? '' : `; its last words: ${last}`;
  if (isOutOfMemory(output))
    return { failure: 'out_of_memory', message: `the trainer ran out of memory (${how})${said}` };
  if (signal === 'SIGKILL' || code === KILLED) {
    return {
      failure: 'out_of_memory',
      message: `the trainer was killed from outside (${how}), most likely for memory${said}`,
    };
  }
  if (code === 0) return { failure: 'crashed', message: `the trainer ended without a result (${how})${said}` };
  return { failure: 'crashed', message: `the trainer crashed (${how})${said}` };
}
