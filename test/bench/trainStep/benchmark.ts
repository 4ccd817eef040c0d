import { findNative } from '@trawl/nn/native';
import { say } from '../say.js';
import { measureCase } from './case.js';
import { parseOptions } from './options.js';
import { findPyTorch } from './pytorch.js';
import type { StepResult } from './result.js';
import { WORKLOADS } from './workload.js';

/**
 * Milliseconds per training step, as a trainer process makes it: noise, forward, backward, update, the report's
 * reading and sums. Of every backend and number of threads, and of PyTorch with the same.
 */
export async function trainStep(args: string[]): Promise<{ results: StepResult[] }> {
  const options = parseOptions(args);
  const [pytorch, native] = [await findPyTorch(options.model), await findNative()];
  say(pytorch.about);
  if (!native) say('tfjs-node-gpu: no native build is installed (`trawl native install`)');
  const results: StepResult[] = [];
  for (const size of options.sizes) {
    for (const batch of options.batches) {
      const workload = WORKLOADS[options.model](size, batch);
      results.push(...(await measureCase(workload, options, { native: native !== null, pytorch })));
    }
  }
  return { results };
}
