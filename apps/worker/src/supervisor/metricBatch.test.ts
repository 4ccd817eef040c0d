import type { MetricPoint } from '@trawl/spec';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { metricBatch } from './metricBatch.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const points = (n: number, from = 0): MetricPoint[] =>
  Array.from({ length: n }, (_, i) => ({ epoch: 0, step: from + i, split: 'train', name: 'loss', value: i }));

it('waits for 250 ms or 500 points, and keeps the order', async () => {
  const batches: number[][] = [];
  const batch = metricBatch(
    async (stored) => void batches.push(stored.map(({ step }) => step)),
    () => void batch.flush(),
  );
  await batch.add(points(3));
  expect(batches).toHaveLength(0);
  vi.advanceTimersByTime(249);
  await batch.add(points(1, 3));
  expect(batches).toHaveLength(0);
  vi.advanceTimersByTime(1);
  await vi.waitFor(() => expect(batches).toEqual([[0, 1, 2, 3]]));
  await batch.add(points(500, 4));
  expect(batches[1]).toHaveLength(500);
  vi.advanceTimersByTime(1_000);
  await batch.flush();
  expect(batches).toHaveLength(2);
});

it('sends what has piled up in statements of bounded size', async () => {
  const sizes: number[] = [];
  const batch = metricBatch(
    async (stored) => void sizes.push(stored.length),
    () => {},
  );
  await batch.add(points(12_000));
  expect(sizes).toEqual([5_000, 5_000, 2_000]);
});
