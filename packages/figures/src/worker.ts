import { FigureFault } from './fault.js';
import { type Job, runJob } from './jobs.js';

/** Errors lose their class on the way between threads: a fault travels as data. */
export type Answer = { bytes: Uint8Array } | { fault: Pick<FigureFault, 'option' | 'given' | 'allowed'> };

/** What the renderer's threads run. */
export default async function drawInThread(job: Job): Promise<Answer> {
  try {
    // A buffer of Node's pool is copied out: only its own part goes to the caller.
    return { bytes: Uint8Array.from(await runJob(job)) };
  } catch (error) {
    if (!(error instanceof FigureFault)) throw error;
    const { option, given, allowed } = error;
    return { fault: { option, given, allowed } };
  }
}
