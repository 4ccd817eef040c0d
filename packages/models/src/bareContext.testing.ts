import { randomStreams } from '@trawl/nn';
import type { TrainContext } from './contract.js';

type Given = Pick<TrainContext, 'params' | 'dataset' | 'backend'> & Partial<TrainContext>;

/**
 * What a model trains with where nobody listens but those of `given`, with seed 1 unless that says another. `onStep` is
 * awaited after every optimiser update.
 */
export function bareContext(given: Given, onStep: (step: number) => Promise<void> | void = () => {}): TrainContext {
  const { seed = 1 } = given;
  let step = 0;
  let seen = 0;
  return {
    seed,
    streams: randomStreams(seed),
    resume: null,
    weights: null,
    files: new Map(),
    report: () => {},
    progress(at) {
      step = at.step;
    },
    checkpointDue: () => false,
    checkpoint: async () => {},
    artifact: async () => {},
    log: () => {},
    signal: new AbortController().signal,
    async breathe() {
      // Passes that evaluate are no steps.
      if (step === seen) return;
      seen = step;
      await onStep(step);
    },
    ...given,
  };
}
