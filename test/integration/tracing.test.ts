import { expect, it } from 'vitest';
import { type CollectedSpan, startCollector } from '../support/collector.js';
import { until } from '../support/processes.js';
import { startStack } from '../support/stack.js';
import { finished, submitOne } from '../support/stubRuns.js';

const PHASES = ['open backend', 'load data', 'train', 'evaluate'];

it('one trace shows a sweep from its POST to what its trainer did', async () => {
  const collector = await startCollector();
  const stack = await startStack({ otlpEndpoint: collector.url });
  try {
    await stack.startWorker({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const sweep = await submitOne(stack, { ms_per_step: 1 });
    await stack.run(sweep, 'the run to end', finished);
    await until('the attempt to be told', () => collector.spans.some(({ name }) => name === 'attempt'));

    const byId = new Map(collector.spans.map((span) => [span.spanId, span]));
    const path = (span: CollectedSpan): string[] => {
      const parent = span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
      return [...(parent === undefined ? [] : path(parent)), span.name];
    };
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
    const way = ['POST /v1/sweeps', 'dispatch', 'attempt'];
    expect(collector.spans.map((span) => path(span).join(' > ')).toSorted()).toEqual(
      [
        ...way.map((_, i) => way.slice(0, i + 1)),
        ...['claim', 'prepare', 'trainer', 'finish'].map((phase) => [...way, phase]),
        ...PHASES.map((phase) => [...way, 'trainer', phase]),
      ]
        .map((names) => names.join(' > '))
        .toSorted(),
    );
    expect(collector.spans.find(({ name }) => name === 'train')?.service).toBe('trawl-worker');

    // One after the other, each within its parent; a millisecond is OTLP's rounding.
    const inOrder = PHASES.map((phase) => collector.spans.find(({ name }) => name === phase));
    for (const [i, span] of inOrder.entries()) {
      const parent = byId.get(span?.parentSpanId ?? '');
      expect(span?.from).toBeGreaterThanOrEqual(Math.max(parent?.from ?? NaN, inOrder[i - 1]?.to ?? 0) - 1);
      expect(span?.to).toBeLessThanOrEqual((parent?.to ?? NaN) + 1);
    }
  } finally {
    await stack.close();
    await collector.close();
  }
});
