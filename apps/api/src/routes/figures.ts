import { openRenderer } from '@trawl/figures/renderer';
import { FigureList, SPLITS } from '@trawl/spec';
import { z } from 'zod';
import { Drawings } from '../services/figures/cache.js';
import { reviewPage } from '../services/figures/review.js';
import { RUN_FIGURES } from '../services/figures/runFigures.js';
import { figureFile, figureViews, type Served } from '../services/figures/serve.js';
import { sweepSubject } from '../services/figures/subjects.js';
import { SWEEP_FIGURES } from '../services/figures/sweepFigures.js';
import { runDetail } from '../services/runs.js';
import type { Routes } from './routes.js';
import { IdParams, PROBLEM_RESPONSES, whole } from './schemas.js';

const trialList = z
  .string()
  .max(10_000)
  .regex(/^\d{1,9}(,\d{1,9})*$/, { error: 'is no list of trials' })
  .meta({ legal: 'numbers of trials, comma-separated: 3,17' })
  .transform((text) => text.split(',').map(Number));

const FigureQuery = z.strictObject({
  stage: z
    .string()
    .optional()
    .meta({ description: 'A stage of the sweep; absent: the last search with a finished run' }),
  split: z.enum(SPLITS).optional().meta({ description: 'search-results, training-curves; absent: val' }),
  hue: z.string().optional().meta({
    description: 'training-curves of a sweep: the varied parameter that colours tell; absent: beta, or the first',
  }),
  metric: z.string().optional().meta({ description: "heatmap: full name, as val.label_mse; absent: the stage's own" }),
  x: z.string().optional().meta({ description: 'heatmap: the varied parameter across' }),
  y: z.string().optional().meta({ description: 'heatmap: the varied parameter upwards' }),
  by: z
    .string()
    .optional()
    .meta({ description: 'comparison-movie: the varied parameter side by side; absent: beta, or the first' }),
  base: whole(0, 1_000).optional().meta({
    description:
      'traversals, traversal-movie, comparison-movie: the base frame, from 0; glimpses: the image; rollout-movie: the clip',
  }),
  trials: trialList.optional().meta({ description: 'label-reconstructions: held-out trials; absent: the first ones' }),
  latents: z.enum(['unsupervised', 'all']).optional().meta({ description: 'comparison-movie; absent: unsupervised' }),
  seed: whole(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'comparison-movie: of each cell; absent: the lowest that succeeded' }),
});

const file = z.string().meta({ description: 'Name and format, as search-results.svg; the list says which there are' });
const picture = z.custom<Buffer>(() => true).meta({ type: 'string', format: 'binary' });
const pictures = {
  200: {
    description: 'The figure (svg, png) or movie (gif; mp4 and webm where the api has an ffmpeg)',
    content: Object.fromEntries(
      ['image/svg+xml', 'image/png', 'image/gif', 'video/mp4', 'video/webm'].map((type) => [type, { schema: picture }]),
    ),
  },
  304: z.null(),
  ...PROBLEM_RESPONSES,
};
const page = z.string().meta({ description: 'One HTML file that needs nothing else' });

const body = ({ bytes }: Served): Buffer | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A service that starts has better things to do, and one that stops at once nothing to draw. */
const WARM_AFTER_MS = 10_000;

export const figureRoutes: Routes = async (app, { services }) => {
  const drawings = new Drawings(openRenderer());
  let warming: NodeJS.Timeout | undefined;
  const warm = (): unknown => drawings.warm().catch((error: unknown) => app.log.warn({ err: error }, 'warming up'));
  app.addHook('onListen', async () => {
    warming = setTimeout(warm, WARM_AFTER_MS).unref();
  });
  app.addHook('onClose', () => {
    clearTimeout(warming);
    return drawings.close();
  });

  app.get(
    '/v1/sweeps/:id/figures',
    {
      schema: {
        tags: ['figures'],
        summary: 'Figures and movies of a sweep, with what is missing for those that cannot be drawn yet',
        params: IdParams,
        response: { 200: FigureList, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }) => ({ items: await figureViews(SWEEP_FIGURES, await sweepSubject(params.id, services)) }),
  );

  app.get(
    '/v1/sweeps/:id/figures/:file',
    {
      schema: {
        tags: ['figures'],
        summary: 'A figure or movie of a sweep',
        params: IdParams.extend({ file }),
        querystring: FigureQuery,
        response: pictures,
      },
    },
    async ({ params, query, headers }, reply) => {
      const subject = await sweepSubject(params.id, services);
      const served = await figureFile(SWEEP_FIGURES, subject, params.file, query, headers['if-none-match'], drawings);
      return reply.code(served.status).headers(served.headers).send(body(served));
    },
  );

  app.get(
    '/v1/runs/:id/figures',
    {
      schema: {
        tags: ['figures'],
        summary: 'Figures and movies of a run, with what is missing for those that cannot be drawn yet',
        params: IdParams,
        response: { 200: FigureList, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }) => ({
      items: await figureViews(RUN_FIGURES, { run: await runDetail(params.id, services), services }),
    }),
  );

  app.get(
    '/v1/runs/:id/figures/:file',
    {
      schema: {
        tags: ['figures'],
        summary: 'A figure or movie of a run',
        params: IdParams.extend({ file }),
        querystring: FigureQuery,
        response: pictures,
      },
    },
    async ({ params, query, headers }, reply) => {
      const subject = { run: await runDetail(params.id, services), services };
      const served = await figureFile(RUN_FIGURES, subject, params.file, query, headers['if-none-match'], drawings);
      return reply.code(served.status).headers(served.headers).send(body(served));
    },
  );

  app.get(
    '/v1/sweeps/:id/stages/:name/review',
    {
      schema: {
        tags: ['figures'],
        summary:
          'Review sheet: the cells of a stage side by side, in one HTML file that can be kept and opened without a network',
        params: IdParams.extend({ name: z.string().meta({ description: 'The stage to look at' }) }),
        response: {
          200: { description: 'The sheet', content: { 'text/html': { schema: page } } },
          304: z.null(),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async ({ params, headers }, reply) => {
      const served = await reviewPage(
        await sweepSubject(params.id, services),
        params.name,
        headers['if-none-match'],
        drawings,
      );
      return reply
        .code(served.status)
        .headers(served.headers)
        .send(served.bytes === null ? null : Buffer.from(served.bytes).toString());
    },
  );
};
