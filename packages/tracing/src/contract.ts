/** Something that took time, as a part of a trace. */
export interface Span {
  /** W3C trace context, to be the parent of others here or in another process. Null where nothing is recorded. */
  readonly traceparent: string | null;
  /** @param end.at milliseconds since 1970; now where absent */
  end(end?: { at?: number; attributes?: Attributes; error?: string }): void;
}

export type Attributes = Record<string, string | number | boolean>;

export interface SpanOptions {
  /** A traceparent; null begins a trace. */
  parent: string | null;
  attributes?: Attributes;
  /** Milliseconds since 1970; now where absent. */
  startedAt?: number;
}

export interface Tracing {
  /** Whether anything is recorded. */
  readonly on: boolean;
  start(name: string, options: SpanOptions): Span;
  /** The span of a piece of work, which fails with it. */
  within<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Sends what is not sent yet, as far as the collector answers soon. */
  close(): Promise<void>;
}

const NO_SPAN: Span = { traceparent: null, end: () => {} };

/** Records nothing. */
export const NO_TRACING: Tracing = {
  on: false,
  start: () => NO_SPAN,
  within: (_name, _options, work) => work(NO_SPAN),
  close: async () => {},
};
