export type { Capability, QueueOptions, RunConsumer, RunJob, RunQueue } from './contract.js';
export { dispatch, repair, type AddJobs, type DispatchStore } from './dispatch.js';
export { openQueue } from './open.js';
