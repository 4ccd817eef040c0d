import type { ModelCard } from '@trawl/spec';
import { expect, test } from 'vitest';
import { rankableMetric } from './metricValue.js';
import { fakeCard } from './testing/fakeCard.js';

const card: ModelCard = {
  ...fakeCard,
  metrics: fakeCard.metrics.map((metric) => (metric.name === 'mse' ? { ...metric, perLabel: ['val'] } : metric)),
};

test('one label of a metric can rank where the summary has it', () => {
  expect(rankableMetric(card, 'val.mse_2')?.name).toBe('mse');
  for (const full of ['train.mse_2', 'val.mse_0', 'val.mse_x', 'val.r2_1', 'val.weight_1']) {
    expect(rankableMetric(card, full)).toBeNull();
  }
});
