import { NO_TRACING, type Tracing } from './contract.js';

export { NO_TRACING, type Span, type Tracing } from './contract.js';
export { type RunInQueue, spanOfDispatch } from './dispatching.js';

/**
 * @param endpoint of an OTLP/HTTP collector, as http://127.0.0.1:4318; null records nothing
 * @param onError hears that spans could not be sent
 */
export async function openTracing(
  endpoint: string | null,
  service: string,
  onError: (message: string) => void,
): Promise<Tracing> {
  if (endpoint === null) return NO_TRACING;
  const { openTelemetry } = await import('./openTelemetry.js');
  return openTelemetry(endpoint, service, onError);
}
