export * from './dataset.js';
export * from './messages.js';
export * from './metrics.js';
export * from './model.js';
export * from './plan.js';
export * from './states.js';
export * from './values.js';
export * from './api.js';
