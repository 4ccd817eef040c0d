import {
  ArtifactView,
  AttemptView,
  Best,
  DatasetDetail,
  DatasetSchema,
  DatasetView,
  Distribution,
  DryRun,
  KeyView,
  ModelDetail,
  ModelView,
  Problem,
  Ranking,
  RunCounts,
  RunDetail,
  RunView,
  StageView,
  SweepDetail,
  SweepSpecSchema,
  SweepView,
  WorkerView,
} from '@trawl/spec';
import { z } from 'zod';

/** What bodies are made of: each stands in the document once, under its name. */
const ANSWERS = {
  ArtifactView,
  AttemptView,
  Best,
  Dataset: DatasetSchema,
  DatasetDetail,
  DatasetView,
  Distribution,
  DryRun,
  KeyView,
  ModelDetail,
  ModelView,
  Problem,
  Ranking,
  RunCounts,
  RunDetail,
  RunView,
  StageView,
  SweepDetail,
  SweepView,
  WorkerView,
} satisfies Record<string, z.ZodType>;

/** The same as the provider and @fastify/swagger make of a schema: a constant is an enum of one. */
const jsonOf = (schema: z.ZodType, io: 'input' | 'output'): string => {
  const { $schema: _, ...json } = withoutRefs(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  return JSON.stringify(json, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('const' in value)) return value;
    const { const: only, ...rest } = value;
    return { ...rest, enum: [only] };
  });
};

/** Puts the schemas above in one place and a `$ref` wherever one of them stands. */
export function withComponents<T extends { components?: object }>(document: T): T {
  const names = new Map(Object.entries(ANSWERS).map(([name, schema]) => [jsonOf(schema, 'output'), name]));
  names.set(jsonOf(SweepSpecSchema, 'input'), 'SweepSpec');
  const refer = (value: unknown, top: boolean): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((inner) => refer(inner, false));
    const name = top ? undefined : names.get(JSON.stringify(value));
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, refer(inner, false)]));
  };
  const schemas = [...names].map(([json, name]) => [name, refer(JSON.parse(json), true)] as const);
  const plain = withoutRefs(document);
  const referring = JSON.parse(JSON.stringify(refer(plain, true)));
  return { ...referring, components: { ...plain.components, schemas: Object.fromEntries(schemas) } };
}

/**
 * The only schema that refers to itself is that of any JSON value (`z.json()`); zod names it anew at every use and
 * the definitions get lost on the way into the document.
 */
export function withoutRefs<T extends object>(schema: T): T {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => {
      if (key === '$defs') return undefined;
      const refers = typeof value === 'object' && value !== null && '$ref' in value;
      return refers ? { description: 'any JSON value' } : value;
    }),
  );
}
