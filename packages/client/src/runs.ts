import { ArtifactView, AttemptView, LogsBody, MetricsBody, RunDetail } from '@trawl/spec';
import { z } from 'zod';
import type { Http, Query } from './http.js';

export function runCalls(http: Http) {
  const get = <T extends z.ZodType>(schema: T, id: string, rest: string[] = [], query: Query = {}) =>
    http.json(schema, { method: 'GET', path: ['v1', 'runs', id, ...rest], query });
  const post = (id: string, action: string) =>
    http.json(RunDetail, { method: 'POST', path: ['v1', 'runs', id, action] });

  return {
    get: (id: string): Promise<RunDetail> => get(RunDetail, id),
    /** `names` are full metric names; `points` thins each curve to at most so many. */
    metrics: (
      id: string,
      { names, points }: { names?: readonly string[] | undefined; points?: number | undefined } = {},
    ): Promise<MetricsBody> => get(MetricsBody, id, ['metrics'], { names: names?.join(','), points }),
    artifacts: async (id: string): Promise<ArtifactView[]> =>
      (await get(z.object({ items: z.array(ArtifactView) }), id, ['artifacts'])).items,
    attempts: async (id: string): Promise<AttemptView[]> =>
      (await get(z.object({ items: z.array(AttemptView) }), id, ['attempts'])).items,
    /** The last `tail` lines of all attempts together, oldest first. */
    logs: (id: string, query: { tail?: number | undefined } = {}): Promise<LogsBody> =>
      get(LogsBody, id, ['logs'], query),
    cancel: (id: string): Promise<RunDetail> => post(id, 'cancel'),
    pause: (id: string): Promise<RunDetail> => post(id, 'pause'),
    resume: (id: string): Promise<RunDetail> => post(id, 'resume'),
    retry: (id: string): Promise<RunDetail> => post(id, 'retry'),
  };
}
