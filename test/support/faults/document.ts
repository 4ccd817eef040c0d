import { smallSpec } from '../specs.js';
import { type BadSpec, without } from './badSpec.js';

/** Name, model, and keys that a sweep does not have. */
export const DOCUMENT: BadSpec[] = [
  ['no model', without('model'), 'model', undefined, /^one of: ps-vae, /],
  ['no name', without('name'), 'name', undefined, 'a text of 1 to 200 characters'],
  ['no dataset', without('dataset'), 'dataset', undefined, /./],
  ['an empty name', { ...smallSpec(), name: ' ' }, 'name', ' ', 'a text of 1 to 200 characters'],
  ['a number as name', { ...smallSpec(), name: 7 }, 'name', 7, 'a text of 1 to 200 characters'],
  ['an unknown model', { ...smallSpec(), model: 'ps-vea' }, 'model', 'ps-vea', /^one of: ps-vae, /],
  ['an unknown key', { ...smallSpec(), gird: {} }, 'gird', {}, /grid/],
  [
    'a key of a stage in the sweep',
    { ...smallSpec(), refit: { top: 2, seeds: 3 } },
    'refit',
    { top: 2, seeds: 3 },
    /./,
  ],
];
