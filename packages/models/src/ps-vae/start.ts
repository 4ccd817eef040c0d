import type { Splits } from '@trawl/datasets';
import { splitTrials } from '@trawl/datasets/splits';
import type { RandomStreams } from '@trawl/nn';
import { amsgrad, randomStreams, requireKernels } from '@trawl/nn';
import { SPLITS } from '@trawl/spec';
import type { TrainContext } from '../contract.js';
import { InvalidData } from '../contract.js';
import { resumeFrom, takeWeights } from '../takeWeights.js';
import { fromCheckpoint } from './checkpoint.js';
import { KERNELS } from './kernels.js';
import { labelMoments } from './labelMoments.js';
import { psVaeNetwork } from './network.js';
import type { FamilyParams } from './passes.js';
import { unitsOf } from './passes.js';
import type { Run } from './run.js';
import { initialState } from './state.js';
import type { Variant } from './variant.js';

/** Each session by itself, as BehaveNet does. */
function splitSessions(
  sessions: readonly number[],
  { trial_splits, rng_seed_data, train_frac }: Pick<FamilyParams, 'trial_splits' | 'rng_seed_data' | 'train_frac'>,
): Splits {
  const all: Splits = { train: [], val: [], test: [] };
  let offset = 0;
  for (const trials of sessions) {
    const own = splitTrials(trials, trial_splits, rng_seed_data, train_frac);
    for (const split of SPLITS) all[split].push(...own[split].map((trial) => trial + offset));
    offset += trials;
  }
  return all;
}

/** A fresh run, or the one that `ctx.resume` goes on with. */
export function startRun(ctx: TrainContext, variant: Variant): Run {
  requireKernels(ctx.backend, [...KERNELS, ...(variant.kernels ?? [])]);
  const params = variant.params(ctx.params);
  const { facts, trials } = ctx.dataset;
  const faults = variant.card.check(ctx.params, facts);
  if (faults.length > 0) throw new InvalidData(faults.map(({ path, message }) => `${path}: ${message}`).join('; '));

  const { height, width, channels } = facts;
  const shape = { height, width, channels, ...variant.latents(ctx.params, facts) };
  const seeded = (seed: number | null): RandomStreams => (seed === null ? ctx.streams : randomStreams(seed));
  const streams = seeded(params.rng_seed_train);
  const splits = splitSessions(facts.sessions ?? [facts.trials], params);
  const training = splits.train.flatMap((index) => trials[index] ?? []);
  const moments = labelMoments(training, shape.labels, params.use_label_mask);
  const network = psVaeNetwork(shape, params, seeded(params.rng_seed_model), moments);
  const fixed = streams.get('noise.fixed');
  const model = { network, params, shape, objective: variant.objective(ctx.params) };
  const run: Run = {
    ctx,
    card: variant.card,
    streams,
    model,
    optimizer: amsgrad(network.variables, { learningRate: params.learning_rate, l2: params.l2_reg }),
    sessionOf: (facts.sessions ?? [facts.trials]).flatMap((n, session) => Array.from({ length: n }, () => session)),
    batchTrials: variant.batchTrials?.(ctx.params) ?? 1,
    splits,
    // Drawn before a checkpoint sets the streams, so that a resumed run evaluates on the same noise.
    fixedNoise: trials.map(({ nFrames }) => fixed.normals(nFrames * params.n_ae_latents)),
    state: initialState(shape.labels, unitsOf(model)),
    best: new Map(),
  };
  const { variables, frozen } = network;
  if (ctx.resume) resumeFrom(ctx.resume, variables, (checkpoint) => fromCheckpoint(run, checkpoint));
  else if (ctx.weights) takeWeights([variables, frozen], ctx.weights);
  return run;
}
