/** A spec with one thing wrong: where, what, what was given, what would be right. */
export type Row = [
  what: string,
  spec: unknown,
  path: string,
  message: string | RegExp,
  given: unknown,
  allowed: string | RegExp,
];

export const good = { name: 'x', model: 'fake', dataset: { kind: 'behaviour' }, params: { latents: 6 } };
export const stages = (...list: object[]) => ({ ...good, stages: list });
export const withParams = (params: object) => ({ ...good, params: { latents: 6, ...params } });
export const selecting = (select: object, grid: object = { alpha: [1, 2, 3] }) => ({ ...good, grid, select });

export const PARAMETERS = 'one of: latents, alpha, beta, epochs, ramp, net, activation, layers, rng_seed';
export const RANKABLE = 'one of: train.loss, val.loss, train.mse, val.mse, test.mse, val.r2, train.norm, train.corr';
export const COMPARABLE = 'one of: train.mse, val.mse, test.mse, val.r2, train.norm, train.corr';
export const AXIS =
  'a list of 1 to 100000 values, or { linspace: [lo, hi, n] }, or { logspace: [lo, hi, n] }, or { range: [lo, hi, step] }';
export const TOP_KEYS =
  'one of: name, project, model, dataset, params, seeds, grid, zip, cells, exclude, random, select, gate, stages, execution, smoke';
export const STAGE_NAME = '1 to 100 letters, digits, _, . and -, a letter or digit first';
export const SEED = 'an integer from 0 to 2147483647';
export const NO_FORM = 'is a number, not one of the legal forms';
export const ABSENT = 'absent with this rule';
export const DIFFER = 'values that all differ';
export const N = Symbol('nothing given');
