import type { FailureClass } from '@trawl/spec';
import { isOutOfMemory } from '../outOfMemory.js';

const FULL = ['ENOSPC', 'EDQUOT'];

const BY_NAME: Record<string, FailureClass> = { Diverged: 'diverged', InvalidData: 'invalid_data' };

/**
 * The class of what a model threw. By name, not by instanceof: a model may have loaded its own copy of the class.
 * Memory comes first: TensorFlow says it in an ordinary Error, at any place.
 */
export function classifyError(error: unknown): { failure: FailureClass; message: string } {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const byName = BY_NAME[name];
  if (byName !== undefined) return { failure: byName, message };
  if (isOutOfMemory(message)) return { failure: 'out_of_memory', message: `${name}: ${message}` };
  if (error instanceof Error && 'code' in error && FULL.includes(String(error.code))) {
    const remedy = 'make room where its TRAWL_DATA_DIR is, or give it a larger disk';
    return { failure: 'crashed', message: `the worker's disk is full: ${message}; ${remedy}` };
  }
  // A crash is looked into by a person: where it came from helps.
  return { failure: 'crashed', message: (stack ?? `${name}: ${message}`).split('\n').slice(0, 6).join('\n') };
}
