import { openBackend } from '@trawl/nn';
import { lossSuite } from './loss.suite.testing.js';

await openBackend('wasm');
lossSuite();
