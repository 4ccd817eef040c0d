import { hostname } from 'node:os';
import {
  type Context,
  diag,
  DiagLogLevel,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span as OpenTelemetrySpan,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Span, SpanOptions, Tracing } from './contract.js';

const SEND_EVERY_MS = 1_000;
/** A collector that is away must not keep a role from ending. */
const LAST_SEND_MS = 2_000;

/** As `openTracing`. Headers, timeouts and sampling are OpenTelemetry's own variables, which its packages read. */
export function openTelemetry(endpoint: string, service: string, onError: (message: string) => void): Tracing {
  diag.setLogger(
    { error: onError, warn: quiet, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.instance.id': `${hostname()}:${process.pid}`,
    }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: SEND_EVERY_MS })],
  });
  const tracer = provider.getTracer('trawl');

  const start = (name: string, { parent, attributes = {}, startedAt = now() }: SpanOptions): Span =>
    spanOf(tracer.startSpan(name, { attributes, startTime: startedAt }, contextOf(parent)));

  return {
    on: true,
    start,
    async within(name, options, work) {
      const span = start(name, options);
      try {
        const answer = await work(span);
        span.end();
        return answer;
      } catch (error) {
        span.end({ error: String(error) });
        throw error;
      }
    },
    close: () => Promise.race([provider.shutdown(), new Promise<void>((end) => setTimeout(end, LAST_SEND_MS).unref())]),
  };
}

const quiet = (): void => {};

const now = (): number => performance.timeOrigin + performance.now();

function spanOf(span: OpenTelemetrySpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    end({ at = now(), attributes = {}, error } = {}) {
      span.setAttributes(attributes);
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end(at);
    },
  };
}

/** https://www.w3.org/TR/trace-context; what is none begins a trace of its own. */
function contextOf(traceparent: string | null): Context {
  const [, traceId = '', spanId = '', flags = ''] =
    /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/.exec(traceparent ?? '') ?? [];
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}
