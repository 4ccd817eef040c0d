import type { z } from 'zod';

export type Environment = Record<string, string | undefined>;

/**
 * The variables of a schema. An empty one counts as not given: that is how compose files and unit files
 * write "none".
 * @throws Error naming each variable that is missing or illegal, without what it holds
 */
export function readEnvironment<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment,
): z.output<z.ZodObject<Shape>> {
  const given = Object.keys(schema.shape)
    .map((name) => [name, env[name]] as const)
    .filter(([, value]) => value !== undefined && value !== '');
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`the environment is not right: ${faults.join('; ')}`);
}
