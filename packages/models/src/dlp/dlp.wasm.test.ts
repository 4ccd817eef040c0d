import { openBackend } from '@trawl/nn';
import { dlpSuite } from './suite.testing.js';

await openBackend('wasm');
dlpSuite();
