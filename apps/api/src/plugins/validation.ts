import fp from 'fastify-plugin';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { faultsOf } from '@trawl/spec';
import type { z } from 'zod';
import { parameterProblem, type ProblemCode, ProblemError } from '../problems.js';

const CODES: Record<string, { code: ProblemCode; where: string }> = {
  body: { code: 'invalid-body', where: 'body' },
  querystring: { code: 'invalid-parameter', where: 'query' },
  params: { code: 'invalid-parameter', where: 'path' },
  headers: { code: 'invalid-parameter', where: 'header' },
};

/**
 * Zod at both ends of every route. The provider's own validator is not used: it drops the input, and
 * every fault must say what was given and what is allowed.
 */
export const validation = fp(
  async (app) => {
    app.setSerializerCompiler(serializerCompiler);
    app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => {
      const { code, where } = CODES[httpPart ?? 'body'] ?? { code: 'invalid-body', where: 'body' };
      return (data: unknown) => {
        // Fastify hands an absent body over as null.
        const input = data ?? undefined;
        const nul = httpPart === 'querystring' ? withNul(data) : undefined;
        if (nul !== undefined) return { error: parameterProblem(nul[0], 'holds NUL', nul[1], 'text without NUL') };
        const parsed = schema.safeParse(input);
        if (parsed.success) return { value: parsed.data };
        const faults = faultsOf(parsed.error, input, schema);
        const first = faults[0];
        const detail = first
          ? `${where} ${first.path === '' ? 'as a whole' : first.path}: ${first.message}; allowed: ${first.allowed}`
          : where;
        return { error: new ProblemError(code, detail, faults) };
      };
    });
  },
  { name: 'validation' },
);

/** The parameter of a query that Postgres cannot be asked for, and its value. */
const withNul = (query: unknown): [string, unknown] | undefined =>
  Object.entries(Object(query)).find(([, value]) => JSON.stringify(value)?.includes('\\u0000'));
