import { good, stages, type Row } from './row.js';

/** Data. */
export const dataFaults: Row[] = [
  [
    'an unknown kind of data',
    { ...good, dataset: { kind: 'hdf' } },
    'dataset.kind',
    'is not one of the legal values (did you mean hdf5?)',
    'hdf',
    'one of: hdf5, behaviour, shapes, balls, frames, sessions',
  ],
  [
    'data of a kind the model does not take',
    { ...good, dataset: { kind: 'hdf5', path: 'there.hdf5' }, params: { latents: 6, alpha: 0 } },
    'dataset.kind',
    'fake does not take this kind of data',
    'hdf5',
    'behaviour',
  ],
  [
    'data that is not there',
    { ...good, model: 'other', params: {}, dataset: { kind: 'hdf5', path: 'gone' } },
    'dataset.path',
    'no such file',
    'gone',
    'there.hdf5',
  ],
  [
    "a stage's data that is not there",
    stages({ name: 'a', model: 'other', dataset: { kind: 'hdf5', path: 'gone' } }),
    'stages.0.dataset.path',
    'no such file',
    'gone',
    'there.hdf5',
  ],
  [
    'data on an axis that is not there',
    {
      ...good,
      model: 'other',
      params: {},
      dataset: { kind: 'hdf5', path: 'there.hdf5' },
      grid: { 'dataset.path': ['there.hdf5', 'gone'] },
    },
    'grid.dataset.path.1',
    'no such file',
    'gone',
    'there.hdf5',
  ],
  [
    'data that the model cannot use',
    { ...good, dataset: { kind: 'behaviour', labels: 0 } },
    'dataset.labels',
    'is too small',
    0,
    'an integer from 1 to 4',
  ],
  [
    'too many datasets',
    { ...good, grid: { 'dataset.seed': { range: [0, 2000, 1] } } },
    'grid.dataset.seed',
    'makes 2001 datasets',
    2001,
    'at most 1000 a stage',
  ],
];
