import { smallSpec } from '../specs.js';
import { type BadSpec, withParams } from './badSpec.js';

/** Parameters of the model, alone and against each other. */
export const PARAMS: BadSpec[] = [
  ['an unknown parameter', withParams({ bta: 1 }), 'params.bta', 1, /beta/],
  [
    'a parameter of the wrong type',
    withParams({ learning_rate: '1e-3' }),
    'params.learning_rate',
    '1e-3',
    'a number from 1e-8 to 1',
  ],
  ['a parameter out of range', withParams({ frame_std: 0 }), 'params.frame_std', 0, 'a number from 0.001 to 100'],
  [
    'an integer with a fraction',
    withParams({ max_n_epochs: 4.5 }),
    'params.max_n_epochs',
    4.5,
    'an integer from 1 to 100000',
  ],
  [
    'an option that is none',
    withParams({ sampling: 'text-book' }),
    'params.sampling',
    'text-book',
    'one of: textbook, behavenet',
  ],
  [
    'a parameter missing',
    { ...smallSpec(), params: { architecture: 'small', max_n_epochs: 4, anneal_epochs: 1 } },
    'params.n_ae_latents',
    undefined,
    'an integer from 2 to 64',
  ],
  [
    'fewer latents than labels',
    { ...withParams({ n_ae_latents: 2 }), dataset: { ...smallSpec().dataset, labels: 4 } },
    'params.n_ae_latents',
    2,
    '4 to 64; from 6 on there are two unsupervised latents to correlate',
  ],
  ['too few unsupervised latents to correlate', withParams({ n_ae_latents: 3 }), 'params.n_ae_latents', 3, '4 to 64'],
  [
    'annealing as long as training',
    withParams({ anneal_epochs: 4 }),
    'params.anneal_epochs',
    4,
    'below max_n_epochs, which is 4',
  ],
];
