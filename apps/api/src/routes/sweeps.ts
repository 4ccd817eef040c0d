import { ApproveBody, page, ProjectName, SweepDetail, SweepView } from '@trawl/spec';
import { z } from 'zod';
import { approve } from '../services/approve.js';
import { dispatchRuns } from '../services/dispatchRuns.js';
import { callerOf } from '../plugins/access.js';
import { control, deleteSweep, type SweepAction, sweepDetail, sweepsOf } from '../services/sweeps.js';
import type { Routes } from './routes.js';
import { IdParams, PageQuery, PROBLEM_RESPONSES } from './schemas.js';

const SweepsQuery = PageQuery.extend({
  project: ProjectName.optional().meta({ description: 'Only sweeps of this project' }),
});

const ACTIONS: readonly (readonly [SweepAction, string])[] = [
  ['pause', 'Let running runs write a checkpoint and wait'],
  ['resume', 'Go on after a pause'],
  ['cancel', 'End the sweep now; finished runs stay'],
];

export const sweepRoutes: Routes = async (app, { services }) => {
  app.get(
    '/v1/sweeps',
    {
      config: { projects: 'any' },
      schema: {
        tags: ['sweeps'],
        summary: 'List sweeps, newest first',
        querystring: SweepsQuery,
        response: { 200: page(SweepView), ...PROBLEM_RESPONSES },
      },
    },
    (request) => sweepsOf(callerOf(request), request.query, services),
  );

  app.get(
    '/v1/sweeps/:id',
    {
      schema: {
        tags: ['sweeps'],
        summary: 'One sweep with counts per state and stage',
        params: IdParams,
        response: { 200: SweepDetail, ...PROBLEM_RESPONSES },
      },
    },
    ({ params }) => sweepDetail(params.id, services),
  );

  app.delete(
    '/v1/sweeps/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['sweeps'],
        summary: 'Delete a finished sweep with its files',
        params: IdParams,
        response: { 204: z.null(), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }, reply) => {
      await deleteSweep(params.id, services);
      return reply.code(204).send(null);
    },
  );

  for (const [action, summary] of ACTIONS) {
    app.post(
      `/v1/sweeps/:id/${action}`,
      { schema: { tags: ['sweeps'], summary, params: IdParams, response: { 200: SweepDetail, ...PROBLEM_RESPONSES } } },
      async ({ params, log }) => {
        const detail = await control(params.id, action, services);
        if (action === 'resume') await dispatchRuns(services, log);
        return detail;
      },
    );
  }

  app.post(
    '/v1/sweeps/:id/stages/:name/approve',
    {
      schema: {
        tags: ['sweeps'],
        summary: 'End a review: take the cell that the rule suggests, or another',
        params: IdParams.extend({ name: z.string().meta({ description: 'The stage that waits' }) }),
        body: ApproveBody,
        response: { 200: SweepDetail, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body }) => {
      await approve(params.id, params.name, body, services);
      return sweepDetail(params.id, services);
    },
  );
};
