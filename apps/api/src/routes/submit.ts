import { DryRun, SweepDetail, SweepSpecSchema } from '@trawl/spec';
import { z } from 'zod';
import { readDocument, type SentDocument } from '../plugins/bodies.js';
import { withoutRefs } from '../plugins/components.js';
import { dispatchRuns } from '../services/dispatchRuns.js';
import { callerOf } from '../plugins/access.js';
import { check, dryRun, store, withProject } from '../services/submit.js';
import { sweepDetail } from '../services/sweeps.js';
import type { Routes } from './routes.js';
import { IdempotencyHeaders, PROBLEM_RESPONSES } from './schemas.js';

const YAML = ['application/yaml', 'text/yaml', 'application/x-yaml'];

const Query = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'true: answer 200 with cells and counts, store nothing' }),
});

/** `checkSweep` judges the value, so that one answer lists every fault with its path in the document. */
const Body = z
  .custom<SentDocument>((body) => typeof body === 'object' && body !== null && 'text' in body, {
    error: 'no sweep spec was sent',
  })
  .meta(withoutRefs(z.toJSONSchema(SweepSpecSchema, { io: 'input', unrepresentable: 'any' })));

export const submitRoutes: Routes = async (app, { services }) => {
  app.removeAllContentTypeParsers();
  const limit = { parseAs: 'buffer', bodyLimit: services.limits.spec } as const;
  app.addContentTypeParser('application/json', limit, async (_: unknown, body: Buffer) => readDocument(body, 'json'));
  app.addContentTypeParser(YAML, limit, async (_: unknown, body: Buffer) => readDocument(body, 'yaml'));

  app.post(
    '/v1/sweeps',
    {
      bodyLimit: services.limits.spec,
      config: { projects: 'any', mediaTypes: ['application/json', ...YAML] },
      schema: {
        tags: ['sweeps'],
        summary: 'Check a sweep spec whole, store it and start its first stage',
        querystring: Query,
        headers: IdempotencyHeaders,
        body: Body,
        consumes: ['application/json', ...YAML],
        response: { 200: DryRun, 201: SweepDetail, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const parent = request.raw.headers['traceparent']?.toString() ?? null;
      return services.tracing.within('POST /v1/sweeps', { parent }, async ({ traceparent }) => {
        const checked = withProject(await check(request.body.value, services), request.body, callerOf(request));
        if (request.query.dryRun === 'true') return reply.code(200).send(dryRun(checked.plan));
        const idempotencyKey = request.headers['idempotency-key'];
        const { id, created } = await store(checked, request.body, { idempotencyKey, traceparent }, services);
        await dispatchRuns(services, request.log);
        // A repetition looks like the first answer, as a client that lost that one expects.
        if (!created) reply.header('idempotent-replayed', 'true');
        return reply
          .code(201)
          .header('location', `/v1/sweeps/${id}`)
          .send(await sweepDetail(id, services));
      });
    },
  );
};
