import { smallSpec } from '../specs.js';
import { type BadSpec, hdf5, withDataset } from './badSpec.js';

/** Data that are missing, hidden or unfit. */
export const DATASET: BadSpec[] = [
  [
    'a dataset of no kind',
    { ...smallSpec(), dataset: { kind: 'hd5', path: 'x' } },
    'dataset.kind',
    'hd5',
    'one of: hdf5, behaviour, shapes, balls, frames, sessions',
  ],
  [
    'a generated dataset with an unknown key',
    withDataset({ trails: 5 }),
    'dataset.trails',
    5,
    'one of: kind, trials, frames, height, width, labels, factors, strength, noise, masked, seed, look',
  ],
  ['a path as number', hdf5(7), 'dataset.path', 7, 'a relative path, or sha256: and 64 hex digits'],
  [
    'a path outside the roots',
    hdf5('../outside.hdf5'),
    'dataset.path',
    '../outside.hdf5',
    /data root \(data-.*\), without \.\.$/,
  ],
  ['an absolute path', hdf5('/etc/passwd'), 'dataset.path', '/etc/passwd', /data root \(data-.*\), without \.\.$/],
  ['a link out of the roots', hdf5('link.hdf5'), 'dataset.path', 'link.hdf5', /data root \(data-.*\), without \.\.$/],
  [
    'a path that does not exist',
    hdf5('mouse/dta.hdf5'),
    'dataset.path',
    'mouse/dta.hdf5',
    'mouse/data.hdf5, broken.hdf5, nolabels.hdf5',
  ],
  ['a folder', hdf5('mouse'), 'dataset.path', 'mouse', 'a file: mouse/data.hdf5'],
  ['a file that is no HDF5', hdf5('broken.hdf5'), 'dataset.path', 'broken.hdf5', "an HDF5 file in BehaveNet's layout"],
  ['HDF5 without labels', hdf5('nolabels.hdf5'), 'dataset', 'hdf5', /^a dataset with labels; vae, /],
  [
    'too few trials for the splits',
    withDataset({ trials: 5 }),
    'params.trial_splits',
    '8;1;1;0',
    'blocks of at most 5 trials',
  ],
];
