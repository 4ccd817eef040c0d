import type { DatasetFacts, Fault, Params } from '@trawl/spec';
import { layersOf, sizesOf } from './architecture.js';
import { PsVaeParams } from './params.js';

/** Illegal combinations of values that are legal one by one. `facts` is null where the data cannot be read yet. */
export function checkPsVae(raw: Params, facts: DatasetFacts | null): Fault[] {
  const params = PsVaeParams.parse(raw);
  return [...checkEpochs(params), ...(facts ? [...checkData(params, facts), ...checkSplits(params, facts)] : [])];
}

function checkEpochs(params: PsVaeParams): Fault[] {
  const { anneal_epochs, max_n_epochs, min_n_epochs } = params;
  const faults: Fault[] = [];
  if (anneal_epochs >= max_n_epochs) {
    faults.push({
      path: 'anneal_epochs',
      message: 'the ramp leaves no epoch to choose the best model from',
      given: anneal_epochs,
      allowed: `below max_n_epochs, which is ${max_n_epochs}`,
    });
  }
  if (min_n_epochs > max_n_epochs) {
    faults.push({
      path: 'min_n_epochs',
      message: 'training ends before early stopping may begin',
      given: min_n_epochs,
      allowed: `at most max_n_epochs, which is ${max_n_epochs}`,
    });
  }
  return faults;
}

function checkData(params: PsVaeParams, facts: DatasetFacts): Fault[] {
  if (facts.labels === 0) {
    return [
      {
        path: 'dataset',
        message: 'the supervised latents of ps-vae need labels, and the data has none',
        given: facts.kind,
        allowed: 'a dataset with labels',
      },
    ];
  }
  const faults: Fault[] = [];
  if (params.n_ae_latents < facts.labels) {
    faults.push({
      path: 'n_ae_latents',
      message: `each of the ${facts.labels} labels of the data takes one latent; n_ae_latents counts all latents`,
      given: params.n_ae_latents,
      allowed: `${facts.labels} to 64; from ${facts.labels + 2} on there are two unsupervised latents to correlate`,
    });
  }
  const layers = layersOf(params.architecture);
  const sizes = sizesOf(layers, facts.height, facts.width);
  const idle = layers.findIndex(({ stride }, i) => stride > 1 && sizes[i]?.every((side) => side === 1));
  if (idle >= 0) {
    faults.push({
      path: 'architecture',
      message: `nothing is left to shrink at layer ${idle + 1}: frames of ${facts.height}x${facts.width} are 1x1 before it`,
      given: params.architecture,
      allowed: 'fewer layers or smaller strides, as `small`',
    });
  }
  return faults;
}

/** The smallest whole block of `trial_splits` must fit the data. */
function checkSplits(params: PsVaeParams, facts: DatasetFacts): Fault[] {
  const [train = 0, val = 0, test = 0, gap = 0] = params.trial_splits.split(';').map(Number);
  const block = train + val + test + 3 * gap;
  const blocks = Math.floor(facts.trials / block);
  if (blocks === 0) {
    return [
      {
        path: 'trial_splits',
        message: `one block takes ${block} trials (train + val + test + 3 gaps), the data has ${facts.trials}`,
        given: params.trial_splits,
        allowed: `blocks of at most ${facts.trials} trials`,
      },
    ];
  }
  const { train_frac } = params;
  const training = blocks * train;
  const used = train_frac <= 1 ? Math.floor(train_frac * training) : train_frac;
  if (used >= 1 && used <= training && Number.isInteger(used)) return [];
  return [
    {
      path: 'train_frac',
      message: `the split has ${training} training trials, of which this asks for ${used}`,
      given: train_frac,
      allowed: `${1 / training} to 1 for a share, or a whole number of trials from 2 to ${training}`,
    },
  ];
}
