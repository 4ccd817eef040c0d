import { Diverged, InvalidData } from '@trawl/models';
import { expect, it } from 'vitest';
import { classifyError } from './failure.js';

it('says what would help where the disk is full', () => {
  const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(classifyError(error)).toEqual({
    failure: 'crashed',
    message:
      "the worker's disk is full: ENOSPC: no space left on device, write; " +
      'make room where its TRAWL_DATA_DIR is, or give it a larger disk',
  });
});

it.each([
  [new Diverged('loss is NaN'), 'diverged'],
  [new InvalidData('trial 3 has no frames'), 'invalid_data'],
  [new Error('OOM when allocating tensor with shape[1,2]'), 'out_of_memory'],
  [new RangeError('Array buffer allocation failed'), 'out_of_memory'],
  [new TypeError('x is undefined'), 'crashed'],
  ['a string', 'crashed'],
])('%s is %s', (error, failure) => {
  expect(classifyError(error).failure).toBe(failure);
});
