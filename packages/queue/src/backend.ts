import type { BackendFactory, IQueueBackend } from 'bullmq';

/** One place where jobs can lie, as BullMQ reaches it. */
export interface Backend<B extends IQueueBackend, Connection> {
  factory: BackendFactory<B, Connection>;
  /** For adding and asking: a call fails soon when the server is away. */
  producer: Connection;
  /** For taking jobs: tries for ever. */
  consumer: Connection;
  /** Cuts connections that do not close by themselves, as while the server is away. */
  sever(backend: B): Promise<void>;
}
