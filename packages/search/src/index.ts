export * from './best.js';
export * from './cells.js';
export * from './check.js';
export * from './random.js';
export * from './rank.js';
export * from './seeds.js';
export * from './select.js';
export * from './statistics.js';
