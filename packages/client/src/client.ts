import { GcReport, ModelDetail, ModelView, WorkerView } from '@trawl/spec';
import { z } from 'zod';
import { createHttp, type ClientOptions } from './http.js';
import { runCalls } from './runs.js';
import { sweepCalls } from './sweeps.js';

/**
 * Calls of the HTTP API with their answers parsed. Calls that may be repeated safely are, when the service
 * does not answer. Every call throws ApiError where the service refuses, UnreachableError where none answers.
 */
export function createClient(options: ClientOptions) {
  const http = createHttp(options);
  return {
    sweeps: sweepCalls(http),
    runs: runCalls(http),
    artifacts: {
      /** Where the bytes are, for an `img` or a link. Node downloads with `@trawl/client/files`. */
      url: (id: string): string => http.url(['v1', 'artifacts', id]),
    },
    models: {
      list: async (): Promise<ModelView[]> =>
        (await http.json(z.object({ items: z.array(ModelView) }), { method: 'GET', path: ['v1', 'models'] })).items,
      get: (name: string): Promise<ModelDetail> =>
        http.json(ModelDetail, { method: 'GET', path: ['v1', 'models', name] }),
    },
    /** Frees files that nobody needs any more; with `dryRun` it only says which. */
    gc: ({ dryRun = false }: { dryRun?: boolean } = {}): Promise<GcReport> =>
      http.json(GcReport, { method: 'POST', path: ['v1', 'gc'], query: { dryRun }, patient: true }),
    workers: {
      list: async (): Promise<WorkerView[]> =>
        (await http.json(z.object({ items: z.array(WorkerView) }), { method: 'GET', path: ['v1', 'workers'] })).items,
    },
  };
}

export type Client = ReturnType<typeof createClient>;
