import { openBackend } from '@trawl/nn';
import { vggSuite } from './suite.testing.js';

await openBackend('wasm');
vggSuite();
