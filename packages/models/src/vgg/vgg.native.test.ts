import { BackendError, openBackend } from '@trawl/nn';
import { describe } from 'vitest';
import { vggSuite } from './suite.testing.js';

const missing = await openBackend('tfjs-node-gpu', { threads: 2 }).then(
  () => null,
  (error: unknown) => {
    if (error instanceof BackendError) return error;
    throw error;
  },
);
describe.skipIf(missing)(`native backend ${missing?.message ?? ''}`, () => {
  vggSuite();
});
