/* Bodies of the HTTP API (v1), shared by the service and its clients. */

export { page, Problem } from './common.js';
export * from './sweeps.js';
export * from './runs.js';
export * from './files.js';
export * from './results.js';
export * from './requests.js';
export * from './service.js';
