import { adam } from '@trawl/nn';
import type { TrainContext } from '../contract.js';
import { InvalidData } from '../contract.js';
import { resumeFrom, takeWeights } from '../takeWeights.js';
import { framesOf } from './batch.js';
import { checkDlp } from './check.js';
import { fromCheckpoint } from './checkpoint.js';
import { dlpNetwork } from './network.js';
import { DlpParams } from './params.js';
import type { Run } from './run.js';
import { initialState } from './state.js';

/** A fresh run, or the one that `ctx.resume` goes on with. */
export function startRun(ctx: TrainContext): Run {
  const params = DlpParams.parse(ctx.params);
  const { dataset } = ctx;
  const faults = checkDlp(ctx.params, dataset.facts);
  if (faults.length > 0) throw new InvalidData(faults.map(({ path, message }) => `${path}: ${message}`).join('; '));
  const { splits } = dataset.facts;
  if (!splits) throw new InvalidData('dataset: brings no splits');

  const network = dlpNetwork(params, ctx.streams);
  const [beta1, beta2] = params.adam_betas;
  const run: Run = {
    ctx,
    model: { network, params },
    optimizer: adam(network.variables, {
      learningRate: params.lr,
      epsilon: params.adam_eps,
      l2: params.weight_decay,
      beta1,
      beta2,
    }),
    frames: {
      train: framesOf(dataset, splits.train),
      val: framesOf(dataset, splits.val),
      test: framesOf(dataset, splits.test),
    },
    state: initialState(),
    best: new Map(),
  };
  const { resume, weights } = ctx;
  if (resume) resumeFrom(resume, network.variables, (from) => fromCheckpoint(run, from));
  else if (weights) takeWeights([network.variables], weights);
  return run;
}
