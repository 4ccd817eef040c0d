import { type BadSpec, withSelect } from './badSpec.js';

/** Metrics, and how the best cell is named. */
export const SELECT: BadSpec[] = [
  [
    'a metric that contains the varied parameter',
    withSelect({ rule: 'min', metric: 'val.loss' }),
    'select.metric',
    'val.loss',
    /./,
  ],
  ['an unknown metric', withSelect({ rule: 'min', metric: 'val.los' }), 'select.metric', 'val.los', /val\.label_mse/],
  [
    'a metric without its split',
    withSelect({ rule: 'min', metric: 'label_mse' }),
    'select.metric',
    'label_mse',
    /val\.label_mse/,
  ],
  [
    'an unknown rule',
    withSelect({ rule: 'best', metric: 'val.label_mse' }),
    'select.rule',
    'best',
    'one of: min, max, smallest-within, largest-within, knee, manual',
  ],
  [
    'a rule against its direction',
    withSelect({ rule: 'min', direction: 'max', metric: 'val.label_mse' }),
    'select.direction',
    'max',
    'min, or absent',
  ],
  [
    'smallest-within without a parameter',
    withSelect({ rule: 'smallest-within', metric: 'val.label_mse', tolerance: { factor: 1.1 } }),
    'select.parameter',
    undefined,
    'one of: alpha, beta',
  ],
  [
    'smallest-within without a tolerance',
    withSelect({ rule: 'smallest-within', parameter: 'alpha', metric: 'val.label_mse' }),
    'select.tolerance',
    undefined,
    '{ factor } or { absolute }, as { factor: 1.1 }',
  ],
  [
    'a tolerance below 1',
    withSelect({ rule: 'smallest-within', parameter: 'alpha', metric: 'val.label_mse', tolerance: { factor: 0.9 } }),
    'select.tolerance.factor',
    0.9,
    'a number at least 1',
  ],
  [
    'an aggregate that is none',
    withSelect({ metric: 'val.label_mse', aggregate: 'max' }),
    'select.aggregate',
    'max',
    'one of: mean, median',
  ],
];
