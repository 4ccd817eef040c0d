export * from './backend/open.js';
export * from './contract.js';
export * from './errors.js';
export * from './layers.js';
export * from './optimizer/amsgrad.js';
export * from './orthogonal.js';
export * from './random.js';
export * from './variables.js';
