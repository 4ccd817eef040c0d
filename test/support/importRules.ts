import { homeOf, isTest, loads } from './imports.js';
import type { Source, Sources } from './imports.js';

/** A rule of design.md section 2: each offence as `file: what it does`. */
export type Rule = (sources: Sources) => string[];

/** Which packages a package may know. */
const MAY_KNOW: Record<string, readonly string[]> = {
  spec: [],
  settings: [],
  tracing: [],
  search: ['spec'],
  nn: ['spec'],
  datasets: ['spec'],
  models: ['spec', 'nn', 'datasets'],
  store: ['spec'],
  queue: ['spec'],
  figures: ['spec'],
  client: ['spec'],
};

const TRAINER = 'apps/worker/src/trainer/';
const LIGHT = /^packages\/models\/src\/(catalog|[^/]+\/(card|params))\.ts$/;
const TENSORFLOW = /^@tensorflow\//;

/** Of packages that run in a browser otherwise. */
const NODE_ONLY = new Set(['packages/client/src/files.ts', 'packages/client/src/testServer.ts']);

const code = (sources: Sources): Source[] => [...sources.values()].filter(({ file }) => !isTest(file));
const trawlPackage = (from: string) => /^@trawl\/([^/]+)/.exec(from)?.[1] ?? null;

/** Relative imports stay in their app or package; others go by name. Tests too. */
export const staysAtHome: Rule = (sources) =>
  [...sources.values()].flatMap(({ file, imports }) =>
    imports
      .filter(({ from }) => from.startsWith('.'))
      .filter(({ from }) => homeOf(new URL(from, `file:///${file}`).pathname.slice(1)) !== homeOf(file))
      .map(({ from }) => `${file}: leaves its package for ${from}`),
  );

/** search knows spec and nothing else, nn and datasets know no model, and so on; types count. */
export const packagesKnowFew: Rule = (sources) =>
  code(sources).flatMap(({ file, imports }) => {
    const [kind, name = ''] = file.split('/');
    if (kind !== 'packages') return [];
    const known = MAY_KNOW[name];
    if (!known) return [`${file}: the package ${name} stands in no rule of its own`];
    return imports.flatMap(({ from }) => {
      const other = trawlPackage(from);
      return other === null || known.includes(other) ? [] : [`${file}: ${name} may not know ${from}`];
    });
  });

/** Apps start each other as processes, they never import each other. Tests too. */
export const appsApart: Rule = (sources) => {
  const apps = new Set(
    [...sources.keys()].filter((file) => file.startsWith('apps/')).map((file) => file.split('/')[1]),
  );
  return [...sources.values()].flatMap(({ file, imports }) =>
    imports
      .filter(({ from }) => apps.has(trawlPackage(from) ?? undefined))
      .map(({ from }) => `${file}: imports the app ${from}`),
  );
};

/** spec, search and the client but for its files run in a browser: no Node built-ins. */
export const pureInBrowsers: Rule = (sources) =>
  code(sources)
    .filter(({ file }) => /^packages\/(spec|search|client)\//.test(file) && !NODE_ONLY.has(file))
    .flatMap(({ file, imports }) =>
      imports.filter(({ from }) => from.startsWith('node:')).map(({ from }) => `${file}: imports ${from}`),
    );

/** Cards, params and the catalogue load zod, spec and each other, also through the files that they import. */
export const lightHalf: Rule = (sources) =>
  [...sources.keys()]
    .filter((file) => LIGHT.test(file))
    .flatMap((file) =>
      [...loads(file, sources, (next) => homeOf(next) === homeOf(file))]
        .filter(([from]) => from !== 'zod' && from !== '@trawl/spec')
        .map(([from, way]) => `${file}: loads ${from}${way.length === 1 ? '' : ` through ${way.at(-1)}`}`),
    );

/** What only a trainer process may import, and beside it only who is named. Types are free. */
const HEAVY: readonly { what: RegExp; alsoIn?: RegExp }[] = [
  { what: /^@tensorflow\//, alsoIn: /^packages\/(nn|models)\// },
  // What cli and worker take of nn is judged by `noTensorFlowOutside`.
  { what: /^@trawl\/nn$/, alsoIn: /^packages\/models\// },
  { what: /^@trawl\/nn\//, alsoIn: /^(packages\/models|apps\/(cli|worker))\// },
  { what: /^@trawl\/datasets\/open$/ },
  { what: /^@trawl\/models\/trainers$/ },
];

export const heavyInTrainersOnly: Rule = (sources) =>
  code(sources)
    .filter(({ file }) => !file.startsWith(TRAINER))
    .flatMap(({ file, imports }) =>
      imports
        .filter(({ typeOnly }) => !typeOnly)
        .filter(({ from }) => HEAVY.some(({ what, alsoIn }) => what.test(from) && alsoIn?.test(file) !== true))
        .map(({ from }) => `${file}: only a trainer process may import ${from}`),
    );

/** No app but the trainer process loads TensorFlow.js, by whatever way; nor does datasets or the light half. */
export const noTensorFlowOutside: Rule = (sources) =>
  [...sources.keys()]
    .filter((file) => !isTest(file) && !file.startsWith(TRAINER))
    .filter((file) => /^(apps|packages\/(spec|search|datasets|store|queue|client))\//.test(file) || LIGHT.test(file))
    .flatMap((file) =>
      [...loads(file, sources, () => true)]
        .filter(([from]) => TENSORFLOW.test(from))
        .map(([from, way]) => `${file}: loads ${from} through ${way.join(' > ')}`),
    );

/** libtensorflow takes its settings from the environment: written there for it, and nothing read. */
const ENVIRONMENT_WRITER = 'packages/nn/src/backend/environment.ts';

/** The environment is read once, in an app's config.ts. */
export const environmentInConfig: Rule = (sources) =>
  code(sources)
    .filter(({ file }) => file !== ENVIRONMENT_WRITER)
    .filter(({ file, globals }) => globals.includes('process.env') && !/^apps\/[^/]+\/src\/config\.ts$/.test(file))
    .map(({ file }) => `${file}: reads process.env`);

/** Every number is drawn from a seeded stream. Tests too. */
export const noMathRandom: Rule = (sources) =>
  [...sources.values()]
    .filter(({ globals }) => globals.includes('Math.random'))
    .map(({ file }) => `${file}: draws from Math.random`);

/** The cli asks the service by way of the client, and nothing else over HTTP. */
export const cliAsksTheClient: Rule = (sources) =>
  code(sources)
    .filter(({ file }) => file.startsWith('apps/cli/'))
    .flatMap(({ file, imports, globals }) => [
      ...(globals.includes('fetch') ? [`${file}: calls fetch`] : []),
      ...imports
        .filter(({ from }) => /^(node:https?|undici)$/.test(from))
        .map(({ from }) => `${file}: imports ${from}`),
    ]);
