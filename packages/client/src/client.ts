import { randomUUID } from 'node:crypto';
import {
  type ApproveBody,
  ArtifactView,
  AttemptView,
  Best,
  DryRun,
  LogsBody,
  MetricsBody,
  ModelDetail,
  ModelView,
  page,
  Ranking,
  type RefitBody,
  RunDetail,
  type RunState,
  RunView,
  SweepDetail,
  SweepView,
  WorkerView,
} from '@trawl/spec';
import { z } from 'zod';
import { type Call, type ClientOptions, createHttp } from './http.js';

export type SpecMediaType = 'application/json' | 'application/yaml';

export interface RankingQuery {
  stage?: string | undefined;
  metric?: string | undefined;
  direction?: 'min' | 'max' | undefined;
  by?: string | undefined;
}

export type Client = ReturnType<typeof createClient>;

const items = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const at = (...parts: string[]): string => `/v1/${parts.map(encodeURIComponent).join('/')}`;

/**
 * Every call of the HTTP API (v1), typed by the bodies in `@trawl/spec`.
 * Calls throw ApiError when the service refuses and UnreachableError when it cannot be reached; those that may be
 * repeated (reads, deletes, and submissions, which carry a key) are tried again first.
 */
export function createClient(options: ClientOptions) {
  const http = createHttp(options);

  /** Items of all pages, fetched as they are asked for. */
  async function* pages<T extends z.ZodType>(
    item: T,
    path: string,
    query: Call['query'] = {},
  ): AsyncGenerator<z.output<T>> {
    let cursor: string | undefined;
    do {
      const { items: some, nextCursor } = await http.call(page(item), path, { query: { ...query, cursor } });
      yield* some;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  const act = (id: string, action: string, json?: unknown) =>
    http.call(SweepDetail, at('sweeps', id, action), { method: 'POST', ...(json === undefined ? {} : { json }) });

  return {
    sweeps: {
      /** Stores a sweep; sent again with the same key it is the same sweep. */
      submit: (text: string, mediaType: SpecMediaType, idempotencyKey: string = randomUUID()) =>
        http.call(SweepDetail, at('sweeps'), {
          method: 'POST',
          text: { body: text, mediaType },
          headers: { 'idempotency-key': idempotencyKey },
        }),
      dryRun: (text: string, mediaType: SpecMediaType) =>
        http.call(DryRun, at('sweeps'), { method: 'POST', text: { body: text, mediaType }, query: { dryRun: true } }),
      list: () => pages(SweepView, at('sweeps')),
      get: (id: string) => http.call(SweepDetail, at('sweeps', id)),
      delete: async (id: string): Promise<void> => void (await http.raw(at('sweeps', id), { method: 'DELETE' })),
      runs: (id: string, query: { stage?: string | undefined; state?: RunState | undefined } = {}) =>
        pages(RunView, at('sweeps', id, 'runs'), { ...query, limit: 500 }),
      ranking: (id: string, query: RankingQuery = {}) =>
        http.call(Ranking, at('sweeps', id, 'ranking'), { query: { ...query } }),
      best: (id: string, query: { stage?: string | undefined; metric?: string | undefined } = {}) =>
        http.call(Best, at('sweeps', id, 'best'), { query: { ...query } }),
      refit: (id: string, body: RefitBody) => act(id, 'refit', body),
      pause: (id: string) => act(id, 'pause'),
      resume: (id: string) => act(id, 'resume'),
      cancel: (id: string) => act(id, 'cancel'),
      approve: (id: string, stage: string, body: z.input<typeof ApproveBody>) =>
        http.call(SweepDetail, at('sweeps', id, 'stages', stage, 'approve'), { method: 'POST', json: body }),
    },
    runs: {
      get: (id: string) => http.call(RunDetail, at('runs', id)),
      metrics: (id: string, query: { names?: string[] | undefined; points?: number | undefined } = {}) =>
        http.call(MetricsBody, at('runs', id, 'metrics'), {
          query: { names: query.names?.join(','), points: query.points },
        }),
      artifacts: async (id: string) => (await http.call(items(ArtifactView), at('runs', id, 'artifacts'))).items,
      attempts: async (id: string) => (await http.call(items(AttemptView), at('runs', id, 'attempts'))).items,
      logs: (id: string, query: { tail?: number | undefined } = {}) =>
        http.call(LogsBody, at('runs', id, 'logs'), { query }),
      cancel: (id: string) => http.call(RunDetail, at('runs', id, 'cancel'), { method: 'POST' }),
      retry: (id: string) => http.call(RunDetail, at('runs', id, 'retry'), { method: 'POST' }),
    },
    models: {
      list: async () => (await http.call(items(ModelView), at('models'))).items,
      get: (name: string) => http.call(ModelDetail, at('models', name)),
    },
    workers: {
      list: async () => (await http.call(items(WorkerView), at('workers'))).items,
    },
  };
}
