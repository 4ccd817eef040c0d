import { ArtifactView, AttemptView, LogsBody, MetricsBody, page, RUN_STATES, RunDetail, RunView } from '@trawl/spec';
import { z } from 'zod';
import { dispatchRuns } from '../services/dispatchRuns.js';
import { readLogs } from '../services/logs.js';
import { controlRun, curves, runDetail } from '../services/runs.js';
import { stageNamed, stagesOf } from '../services/stages.js';
import type { Routes } from './routes.js';
import { commaList, IdParams, PageQuery, PROBLEM_RESPONSES, whole } from './schemas.js';

const items = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

const RunsQuery = PageQuery.extend({
  stage: z.string().optional().meta({ description: 'Only runs of this stage' }),
  state: z.enum(RUN_STATES).optional().meta({ description: 'Only runs in this state' }),
});

const MetricsQuery = z.strictObject({
  names: commaList.optional().meta({ description: 'Full names, comma-separated: val.loss,train.loss; absent: all' }),
  points: whole(2, 100_000).optional().meta({ description: 'Thin each curve to at most so many points' }),
});

const LogsQuery = z.strictObject({
  tail: whole(1, 100_000).default(10_000).meta({ description: 'The last so many lines of all attempts together' }),
});

export const runRoutes: Routes = async (app, { services }) => {
  const { store } = services;

  app.get(
    '/v1/sweeps/:id/runs',
    {
      schema: {
        tags: ['runs'],
        summary: 'List the runs of a sweep, oldest first',
        params: IdParams,
        querystring: RunsQuery,
        response: { 200: page(RunView), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query }) => {
      const stages = await stagesOf(params.id, services);
      if (query.stage !== undefined) stageNamed(query.stage, stages);
      return store.runs.page(params.id, query);
    },
  );

  app.get(
    '/v1/runs/:id',
    {
      schema: {
        tags: ['runs'],
        summary: 'One run with its parameters and summary',
        params: IdParams,
        response: { 200: RunDetail, ...PROBLEM_RESPONSES },
      },
    },
    ({ params }) => runDetail(params.id, services),
  );

  app.get(
    '/v1/runs/:id/metrics',
    {
      schema: {
        tags: ['runs'],
        summary: 'Curves of a run',
        params: IdParams,
        querystring: MetricsQuery,
        response: { 200: MetricsBody, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query }) => ({ runId: params.id, curves: await curves(params.id, query, services) }),
  );

  app.get(
    '/v1/runs/:id/artifacts',
    {
      schema: {
        tags: ['runs', 'artifacts'],
        summary: 'Files that a run left',
        params: IdParams,
        response: { 200: items(ArtifactView), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }) => {
      await runDetail(params.id, services);
      return { items: await store.artifacts.of(params.id) };
    },
  );

  app.get(
    '/v1/runs/:id/attempts',
    {
      schema: {
        tags: ['runs'],
        summary: 'Every try of a run: worker, device, versions, how it ended',
        params: IdParams,
        response: { 200: items(AttemptView), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }) => {
      await runDetail(params.id, services);
      return { items: await store.runs.attempts(params.id) };
    },
  );

  app.get(
    '/v1/runs/:id/logs',
    {
      schema: {
        tags: ['runs'],
        summary: 'Log lines of all attempts, oldest first',
        params: IdParams,
        querystring: LogsQuery,
        response: { 200: LogsBody, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query }) => {
      await runDetail(params.id, services);
      return { runId: params.id, lines: await readLogs(params.id, query.tail, services) };
    },
  );

  app.post(
    '/v1/runs/:id/cancel',
    {
      schema: {
        tags: ['runs'],
        summary: 'End a run now, whoever runs it',
        params: IdParams,
        response: { 200: RunDetail, ...PROBLEM_RESPONSES },
      },
    },
    ({ params }) => controlRun(params.id, 'cancel', services),
  );

  app.post(
    '/v1/runs/:id/pause',
    {
      schema: {
        tags: ['runs'],
        summary: 'Hold a run back: one that runs writes a checkpoint and waits in line until it is resumed',
        params: IdParams,
        response: { 200: RunDetail, ...PROBLEM_RESPONSES },
      },
    },
    ({ params }) => controlRun(params.id, 'pause', services),
  );

  app.post(
    '/v1/runs/:id/resume',
    {
      schema: {
        tags: ['runs'],
        summary: 'Let a paused run go on from its checkpoint',
        params: IdParams,
        response: { 200: RunDetail, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, log }) => {
      const detail = await controlRun(params.id, 'resume', services);
      await dispatchRuns(services, log);
      return detail;
    },
  );

  app.post(
    '/v1/runs/:id/retry',
    {
      schema: {
        tags: ['runs'],
        summary: 'Queue a failed or cancelled run again',
        params: IdParams,
        response: { 200: RunDetail, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, log }) => {
      const detail = await controlRun(params.id, 'retry', services);
      await dispatchRuns(services, log);
      return detail;
    },
  );
};
