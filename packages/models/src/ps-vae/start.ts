import { splitTrials } from '@trawl/datasets/splits';
import { amsgrad } from '@trawl/nn';
import type { TrainContext } from '../contract.js';
import { InvalidData } from '../contract.js';
import { resumeFrom, takeWeights } from '../takeWeights.js';
import { checkPsVae } from './check.js';
import { fromCheckpoint } from './checkpoint.js';
import { psVaeNetwork } from './network.js';
import { PsVaeParams } from './params.js';
import type { Run } from './run.js';
import { initialState } from './state.js';

/** A fresh run, or the one that `ctx.resume` goes on with. */
export function startRun(ctx: TrainContext): Run {
  const params = PsVaeParams.parse(ctx.params);
  const { facts, trials } = ctx.dataset;
  const faults = checkPsVae(ctx.params, facts);
  if (faults.length > 0) throw new InvalidData(faults.map(({ path, message }) => `${path}: ${message}`).join('; '));

  const { height, width, channels, labels } = facts;
  const shape = { height, width, channels, labels };
  const network = psVaeNetwork(shape, params, ctx.streams);
  const fixed = ctx.streams.get('noise.fixed');
  const run: Run = {
    ctx,
    model: { network, params, shape },
    optimizer: amsgrad(network.variables, { learningRate: params.learning_rate, l2: params.l2_reg }),
    splits: splitTrials(facts.trials, params.trial_splits, params.rng_seed_data, params.train_frac),
    // Drawn before a checkpoint sets the streams, so that a resumed run evaluates on the same noise.
    fixedNoise: trials.map(({ nFrames }) => fixed.normals(nFrames * params.n_ae_latents)),
    state: initialState(labels, params.n_ae_latents),
    best: new Map(),
  };
  const { variables, frozen } = network;
  if (ctx.resume) resumeFrom(ctx.resume, variables, (checkpoint) => fromCheckpoint(run, checkpoint));
  else if (ctx.weights) takeWeights([variables, frozen], ctx.weights);
  return run;
}
