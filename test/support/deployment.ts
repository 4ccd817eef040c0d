import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DockerfileParser, type JSONInstruction, type ModifiableInstruction } from 'dockerfile-ast';
import { parse } from 'yaml';
import { z } from 'zod';

/* What docker/Dockerfile, docker-compose.yml, .env.example and the configs of the apps say, for comparing them. */

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

export interface Instruction {
  keyword: string;
  /** Of `--name=value`. */
  flags: Record<string, string>;
  /** Of a JSON form its strings, else what stands between blanks. Without flags. */
  words: string[];
  json: boolean;
}

export interface Stage {
  name: string;
  from: string;
  instructions: Instruction[];
}

const isJson = (each: object): each is JSONInstruction => 'getJSONStrings' in each;
const isModifiable = (each: object): each is ModifiableInstruction => 'getFlags' in each;

export function readStages(dockerfile: string): Stage[] {
  const stages: Stage[] = [];
  for (const each of DockerfileParser.parse(dockerfile).getInstructions()) {
    const text = (each.getArgumentsContent() ?? '').replaceAll(/\\\n\s*/g, ' ');
    const strings = isJson(each) ? each.getJSONStrings() : [];
    const flags = isModifiable(each) ? each.getFlags() : [];
    const words =
      strings.length > 0
        ? strings.map((word) => word.getJSONValue())
        : text.split(/\s+/).filter((word) => !word.startsWith('--from='));
    const keyword = each.getKeyword();
    if (keyword === 'FROM') stages.push({ from: words[0] ?? '', name: words[2] ?? '', instructions: [] });
    else {
      const values = flags.map((flag) => [flag.getName(), flag.getValue() ?? '']);
      stages.at(-1)?.instructions.push({ keyword, flags: Object.fromEntries(values), words, json: strings.length > 0 });
    }
  }
  return stages;
}

/** A stage with the instructions of those it is made from, the oldest first. */
export function lineage(stages: Stage[], name: string): Instruction[] {
  const stage = stages.find((each) => each.name === name);
  return stage === undefined ? [] : [...lineage(stages, stage.from), ...stage.instructions];
}

const Service = z.looseObject({
  image: z.string(),
  build: z
    .object({
      context: z.string(),
      dockerfile: z.string(),
      target: z.string(),
      args: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  restart: z.string(),
  stop_grace_period: z.string().optional(),
  profiles: z.array(z.string()).default([]),
});
export type Service = z.output<typeof Service>;
const Compose = z.looseObject({ services: z.record(z.string(), Service), volumes: z.record(z.string(), z.null()) });

export const readCompose = (text: string) => Compose.parse(parse(text, { merge: true }));

/** What Compose makes of `${NAME}`, `${NAME:-default}`, `${NAME:?why}` and `$$`; the names that it asks for. */
export function interpolate(text: string, env: Record<string, string>): { value: string; names: string[] } {
  const names: string[] = [];
  const innermost = /\$\{([A-Z_0-9]+)(?::([-?])([^${}]*))?\}/;
  let value = text.replaceAll('$$', '\0');
  for (let found = innermost.exec(value); found !== null; found = innermost.exec(value)) {
    const [whole, name = '', kind, rest = ''] = found;
    names.push(name);
    const given = env[name] ?? '';
    if (given === '' && kind === '?') throw new Error(`${name}: ${rest}`);
    value = value.replace(whole, () => (given === '' && kind === '-' ? rest : given));
  }
  return { value: value.replaceAll('\0', '$'), names };
}

export const stages = readStages(read('docker/Dockerfile'));

/** What an image sets. */
export const imageEnvironment = (stage: string): Record<string, string> =>
  Object.fromEntries(
    lineage(stages, stage)
      .filter(({ keyword }) => keyword === 'ENV')
      .flatMap(({ words }) => words.map((word) => pair(word))),
  );

const pair = (word: string): [string, string] => {
  const [name = '', ...rest] = word.split('=');
  return [name, rest.join('=')];
};

export const seconds = (duration: string | undefined): number => Number(/^(\d+)s$/.exec(duration ?? '')?.[1]);

export interface Setting {
  name: string;
  value: string;
  /** Not set unless somebody takes the `#` away. */
  commented: boolean;
  /** What stands above it. */
  comment: string;
}

export function readSettings(text: string): Setting[] {
  return text.split(/\n\s*\n/).flatMap((block) => {
    const comment = block.replaceAll(/^#?[A-Z_0-9]+=.*$/gm, '');
    return [...block.matchAll(/^(#?)([A-Z_0-9]+)=(.*)$/gm)].map(([, hash = '', name = '', value = '']) => ({
      name,
      value,
      commented: hash === '#',
      comment,
    }));
  });
}

export const APPS = ['api', 'scheduler', 'worker', 'cli'] as const;
export type App = (typeof APPS)[number];

type ReadConfig = (env: NodeJS.ProcessEnv) => Record<string, unknown>;

/** Apps are not imported by name: they belong to nobody but themselves. */
export async function readConfigOf(app: App): Promise<ReadConfig> {
  const module: { readConfig: ReadConfig } = await import(path.join(root, 'apps', app, 'src/config.ts'));
  return module.readConfig;
}

/** The environment variables that an app's config asks for. */
export async function variablesOf(app: App): Promise<string[]> {
  const asked = new Set<string>();
  const env = new Proxy<NodeJS.ProcessEnv>(
    { DATABASE_URL: 'postgres://x/x' },
    {
      get: (target, name) => (asked.add(String(name)), Reflect.get(target, name)),
      has: (target, name) => (asked.add(String(name)), Reflect.has(target, name)),
    },
  );
  (await readConfigOf(app))(env);
  return [...asked].filter((name) => /^[A-Z][A-Z_0-9]*$/.test(name));
}
