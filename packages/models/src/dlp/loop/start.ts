import { adam } from '@trawl/nn';
import type { ModelCard, Split } from '@trawl/spec';
import type { TrainContext } from '../../contract.js';
import { InvalidData } from '../../contract.js';
import { resumeFrom, takeWeights } from '../../takeWeights.js';
import { fromCheckpoint } from './checkpoint.js';
import type { LoopModel } from './model.js';
import type { Run } from './run.js';
import { initialState } from './state.js';

/**
 * The splits of data that fits.
 * @throws InvalidData for what `check` finds.
 */
export function checkedSplits(
  { params, dataset }: TrainContext,
  { check }: Pick<ModelCard, 'check'>,
): Record<Split, readonly number[]> {
  const faults = check(params, dataset.facts);
  if (faults.length > 0) throw new InvalidData(faults.map(({ path, message }) => `${path}: ${message}`).join('; '));
  const { splits } = dataset.facts;
  if (!splits) throw new InvalidData('dataset: brings no splits');
  return splits;
}

/** A fresh run, or the one that `ctx.resume` goes on with. */
export function startRun(ctx: TrainContext, model: LoopModel): Run {
  const { network, params } = model;
  const [beta1, beta2] = params.adam_betas;
  const run: Run = {
    ctx,
    model,
    optimizer: adam(network.variables, {
      learningRate: params.lr,
      epsilon: params.adam_eps,
      l2: params.weight_decay,
      beta1,
      beta2,
    }),
    state: initialState(model.terms),
    best: new Map(),
  };
  const { resume, weights } = ctx;
  if (resume) resumeFrom(resume, network.variables, (from) => fromCheckpoint(run, from));
  else if (weights) takeWeights([network.variables], weights);
  return run;
}
