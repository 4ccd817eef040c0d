import {
  AuditView,
  DatasetDetail,
  DatasetView,
  GcReport,
  ModelDetail,
  ModelView,
  ProjectView,
  WorkerView,
} from '@trawl/spec';
import { z } from 'zod';
import { type EventOptions, follow } from './events.js';
import { figureCalls } from './figures.js';
import { createHttp, type ClientOptions } from './http.js';
import { keyCalls } from './keys.js';
import { items } from './pages.js';
import { runCalls } from './runs.js';
import { sweepCalls } from './sweeps.js';

const Projects = z.object({ items: z.array(ProjectView) });
const Ready = z.record(z.string(), z.string());

/**
 * Calls of the HTTP API with their answers parsed. Calls that may be repeated safely are, when the service
 * does not answer. Every call throws ApiError where the service refuses, UnreachableError where none answers.
 */
export function createClient(options: ClientOptions) {
  const http = createHttp(options);
  return {
    sweeps: sweepCalls(http),
    runs: runCalls(http),
    /** Events of all sweeps: those to come, or those after a place. It never ends by itself. */
    events: (from: EventOptions = {}) => follow(http, ['v1', 'events'], from),
    keys: keyCalls(http),
    figures: figureCalls(http),
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
      http.json(GcReport, { method: 'POST', path: ['v1', 'gc'], query: { dryRun }, patient: true, repeatable: true }),
    datasets: {
      /** Newest first. `limit` is the size of a page. */
      list: (query: { limit?: number | undefined } = {}) =>
        items(http, DatasetView, { method: 'GET', path: ['v1', 'datasets'], query }),
      get: (id: string): Promise<DatasetDetail> =>
        http.json(DatasetDetail, { method: 'GET', path: ['v1', 'datasets', id] }),
      /** An upload that no sweep uses. */
      delete: (id: string): Promise<void> =>
        http.send({ method: 'DELETE', path: ['v1', 'datasets', id] }, async () => {}),
      /** Where the bytes are; Node downloads with `@trawl/client/files`. */
      url: (id: string): string => http.url(['v1', 'datasets', id, 'content']),
    },
    /** Who did what and when, newest first; of one sweep, run, key or data by its id as `target`. `limit` is the size of a page. */
    audit: (query: { target?: string | undefined; limit?: number | undefined } = {}) =>
      items(http, AuditView, { method: 'GET', path: ['v1', 'audit'], query }),
    /** Numbers for Prometheus, in its text format. */
    metrics: (): Promise<string> => http.send({ method: 'GET', path: ['metrics'] }, (answer) => answer.text()),
    health: {
      /** Whether the api's process answers at all. */
      live: async (): Promise<void> => http.send({ method: 'GET', path: ['livez'] }, async () => {}),
      /** @throws ApiError 503 naming what does not answer behind it */
      ready: (): Promise<Record<string, string>> => http.json(Ready, { method: 'GET', path: ['readyz'] }),
    },
    projects: {
      /** Those that have a limit. */
      list: async (): Promise<ProjectView[]> =>
        (await http.json(Projects, { method: 'GET', path: ['v1', 'projects'] })).items,
      /** At most so many runs of a project at once; null: no limit. */
      limit: async (project: string, maxParallel: number | null): Promise<ProjectView[]> =>
        (
          await http.json(Projects, {
            method: 'PUT',
            path: ['v1', 'projects', project],
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ maxParallel }),
          })
        ).items,
    },
    workers: {
      list: async (): Promise<WorkerView[]> =>
        (await http.json(z.object({ items: z.array(WorkerView) }), { method: 'GET', path: ['v1', 'workers'] })).items,
    },
  };
}

export type Client = ReturnType<typeof createClient>;
