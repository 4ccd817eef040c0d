import { Diverged, InvalidData } from '@trawl/models';
import { expect, it } from 'vitest';
import { classifyError } from './failure.js';

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
