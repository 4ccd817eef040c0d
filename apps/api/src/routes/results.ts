import { Best, ExtendBody, LabelFit, Ranking, RefitBody, SweepDetail, Udr } from '@trawl/spec';
import { z } from 'zod';
import { best } from '../services/best.js';
import { extend } from '../services/extend.js';
import { ranking } from '../services/ranking.js';
import { labelFitOf } from '../services/labelFit.js';
import { refit } from '../services/refit.js';
import { disentanglement } from '../services/disentanglement.js';
import { sweepDetail } from '../services/sweeps.js';
import type { Routes } from './routes.js';
import { IdempotencyHeaders, IdParams, PROBLEM_RESPONSES, whole } from './schemas.js';

const MAX_CELLS = 100_000;

const BestQuery = z.strictObject({
  stage: z.string().optional().meta({ description: 'A search stage; absent: the last that is done' }),
  metric: z.string().optional().meta({ description: "Full name, as val.label_mse; absent: the stage's own" }),
  direction: z.enum(['min', 'max']).optional().meta({ description: "absent: the metric's own" }),
});

const RankingQuery = BestQuery.extend({
  stage: z.string().optional().meta({ description: 'Absent: the last search that has begun' }),
  by: z
    .string()
    .default('cell')
    .meta({ description: 'cell, or a varied parameter: for each of its values the best cell' }),
  limit: whole(1, MAX_CELLS).optional().meta({ description: 'Cells of the answer; absent: all' }),
  offset: whole(0, MAX_CELLS).default(0).meta({ description: 'Better cells that are left out' }),
});

const UdrQuery = z.strictObject({
  stage: z.string().optional().meta({ description: 'Absent: the last search that has begun' }),
});

const LabelFitQuery = z.strictObject({
  stage: z.string().optional().meta({ description: 'Absent: the last search that has begun' }),
  split: z.enum(['val', 'test']).default('test').meta({ description: 'Of which held-out trials' }),
  over: z.string().optional().meta({
    description:
      'A varied parameter whose values are pooled; absent: rng_seed_data where the stage varies it, else only seeds are',
  }),
});

export const resultRoutes: Routes = async (app, { services }) => {
  app.get(
    '/v1/sweeps/:id/ranking',
    {
      schema: {
        tags: ['results'],
        summary: 'Cells of a stage in order, each with its distribution over seeds',
        params: IdParams,
        querystring: RankingQuery,
        response: { 200: Ranking, ...PROBLEM_RESPONSES },
      },
    },
    ({ params, query }) => ranking(params.id, query, services),
  );

  app.get(
    '/v1/sweeps/:id/udr',
    {
      schema: {
        tags: ['results'],
        summary: 'How alike the unsupervised latents are that the seeds of each cell found (UDR, 0 to 1)',
        params: IdParams,
        querystring: UdrQuery,
        response: { 200: Udr, ...PROBLEM_RESPONSES },
      },
    },
    ({ params, query }) => disentanglement(params.id, query, services),
  );

  app.get(
    '/v1/sweeps/:id/label-fit',
    {
      schema: {
        tags: ['results'],
        summary: 'How well held-out labels are predicted, pooled over seeds and splits, beside a baseline',
        params: IdParams,
        querystring: LabelFitQuery,
        response: { 200: LabelFit, ...PROBLEM_RESPONSES },
      },
    },
    ({ params, query }) => labelFitOf(params.id, query, services),
  );

  app.get(
    '/v1/sweeps/:id/best',
    {
      schema: {
        tags: ['results'],
        summary: 'The selected cell, why, what refits say, and whether it beats the runner-up',
        params: IdParams,
        querystring: BestQuery,
        response: { 200: Best, ...PROBLEM_RESPONSES },
      },
    },
    ({ params, query }) => best(params.id, query, services),
  );

  app.post(
    '/v1/sweeps/:id/refit',
    {
      schema: {
        tags: ['results'],
        summary: 'Run the best cells again with fresh seeds',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: RefitBody.prefault({}),
        response: { 201: SweepDetail, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, headers }, reply) => {
      const { replayed } = await refit(params.id, body, headers['idempotency-key'], services);
      if (replayed) reply.header('idempotent-replayed', 'true');
      return reply.code(201).send(await sweepDetail(params.id, services));
    },
  );

  app.post(
    '/v1/sweeps/:id/extend',
    {
      schema: {
        tags: ['results'],
        summary: 'Give a stage more values or seeds; what was built on its selection is decided again',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: ExtendBody,
        response: { 200: SweepDetail, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, headers }, reply) => {
      const { replayed } = await extend(params.id, body, headers['idempotency-key'], services);
      if (replayed) reply.header('idempotent-replayed', 'true');
      return reply.code(200).send(await sweepDetail(params.id, services));
    },
  );
};
