import type { DatasetFacts, Fault, Params } from '@trawl/spec';
import { checkArchitecture, checkEpochs, checkFrames, checkSplits } from './check.js';
import type { Units } from './latentCards.js';
import type { PsVaeParams } from './params.js';

/* What models without labels share: every latent is unsupervised. */

export const allUnits: Units = ({ n_ae_latents }) => ({
  units: Number(n_ae_latents),
  taken: 0,
  why: `n_ae_latents ${JSON.stringify(n_ae_latents)}`,
});

type Trained = Pick<PsVaeParams, 'max_n_epochs' | 'min_n_epochs' | 'architecture' | 'trial_splits' | 'train_frac'>;

/** `ramp` is the parameter of the ramp's length. */
export const checkBaseline =
  (parse: (raw: Params) => Trained, ramp: string | null) =>
  (raw: Params, facts: DatasetFacts | null): Fault[] => {
    const params = parse(raw);
    return [
      ...checkEpochs(params, ramp === null ? null : { name: ramp, epochs: Number(raw[ramp]) }),
      ...(facts === null
        ? []
        : [
            // Without a ramp there is no KL to take apart.
            ...(ramp === null ? [] : checkFrames(facts)),
            ...checkArchitecture(params, facts),
            ...checkSplits(params, facts),
          ]),
    ];
  };
