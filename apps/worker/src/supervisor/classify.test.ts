import { describe, expect, it } from 'vitest';
import { classifyExit } from './classify.js';

describe('an exit without a result', () => {
  it.each([
    [{ code: 0, signal: null }, '', 'crashed'],
    [{ code: 1, signal: null }, 'TypeError: x is not a function', 'crashed'],
    [{ code: null, signal: 'SIGSEGV' }, '', 'crashed'],
    [{ code: null, signal: 'SIGKILL' }, '', 'out_of_memory'],
    [{ code: 137, signal: null }, '', 'out_of_memory'],
    [
      { code: null, signal: 'SIGABRT' },
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      'out_of_memory',
    ],
    [{ code: 134, signal: null }, 'terminate called after throwing an instance of std::bad_alloc', 'out_of_memory'],
    [{ code: 1, signal: null }, 'Error: OOM when allocating tensor with shape[64,512,512,32]', 'out_of_memory'],
    [{ code: 1, signal: null }, 'Resource exhausted: failed to allocate memory', 'out_of_memory'],
    [{ code: 1, signal: null }, 'RangeError: Array buffer allocation failed', 'out_of_memory'],
    [{ code: 1, signal: null }, 'the ROOM was full, and so was the zOOM', 'crashed'],
  ] as const)('%o with output "%s" is %s', (exit, output, failure) => {
    expect(classifyExit(exit, output).failure).toBe(failure);
  });

  it('tells how it ended and what it said last', () => {
    expect(classifyExit({ code: 3, signal: null }, 'one\ntwo\n').message).toBe(
      'the trainer crashed (exit code 3); its last words: two',
    );
  });
});
