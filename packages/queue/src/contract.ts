/**
 * The queue wakes workers; it holds nothing that Postgres does not know. A job is a run's id and the
 * fence at which it was dispatched, and the trace that this is a part of: jobId `run-<id>-<fence>`, removed on completion and on failure,
 * never retried by the queue itself.
 */
export interface RunJob {
  runId: string;
  fence: number;
  /** W3C trace context, where spans are recorded. */
  traceparent?: string | undefined;
}

export type Capability = 'cpu' | 'gpu';

export interface RunQueue {
  readonly capability: Capability;
  /**
   * Adds jobs; one that is still there (same run and fence) is left as it is. Rejects soon, rather than
   * waiting, while the server is away: the scheduler's repair makes up for it.
   */
  add(jobs: readonly RunJob[]): Promise<void>;
  /** For each job, whether the queue still holds it (waiting or active). */
  has(jobs: readonly RunJob[]): Promise<boolean[]>;
  depth(): Promise<{ waiting: number; active: number }>;
  /**
   * Takes jobs, at most `concurrency` at once. A handler that throws loses its job (the scheduler's
   * repair brings the run back); it must itself record what became of the run. One that answers `later`
   * puts its job back: anybody may take it, this consumer too unless it pauses.
   */
  consume(concurrency: number, handler: (job: RunJob) => Promise<'later' | undefined | void>): Promise<RunConsumer>;
  /** Closes what is still open of it, its consumers without waiting for what they have in hand. */
  close(): Promise<void>;
}

export interface RunConsumer {
  /** Takes no further jobs; those in hand go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Stops taking jobs and waits for those in hand; `force` does not wait (also after a call without it). */
  close(force?: boolean): Promise<void>;
}

/** `url` is postgres:// or redis:// (rediss://); it chooses the implementation. */
export interface QueueOptions {
  url: string;
  capability: Capability;
  /**
   * A job whose consumer has not been heard of for so long is dropped, within twice that time. The
   * consumer's process must never block for as long. Default 60.
   */
  lockSeconds?: number;
  /** Hears of lost connections and of handlers that threw; the same message at most once in 10 s. */
  onError?: (error: Error) => void;
}
