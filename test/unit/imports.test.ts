import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as rules from '../support/importRules.js';
import type { Rule } from '../support/importRules.js';
import { parseSource, readSources } from '../support/imports.js';
import type { Sources } from '../support/imports.js';

const sources = readSources(fileURLToPath(new URL('../..', import.meta.url)));

/** Who may import whom: design.md, section 2. */
describe('the sources keep the rule', () => {
  test.each(Object.entries<Rule>(rules))('%s', (_, rule) => {
    expect(rule(sources)).toEqual([]);
  });

  test('all of them were read', () => {
    expect(sources.size).toBeGreaterThan(100);
    expect(sources.has('packages/spec/src/index.ts')).toBe(true);
    expect(sources.has('apps/worker/src/trainer/main.ts')).toBe(true);
  });
});

const tree = (files: Record<string, string>): Sources =>
  new Map(Object.entries(files).map(([file, text]) => [file, parseSource(file, text)]));

/** A rule that nothing breaks proves nothing: each is broken here in every form that an import takes. */
describe('an offence is seen', () => {
  const nn = {
    'packages/nn/src/index.ts': "export * from './open.js';",
    'packages/nn/src/open.ts': "import '@tensorflow/tfjs-core';",
    'packages/nn/src/native.ts': "import 'node:fs';",
  };

  test.each<[string, Rule, Record<string, string>, string[]]>([
    [
      'a way out of the package',
      rules.staysAtHome,
      { 'apps/api/src/a/b.ts': "import '../c.js'; import '../../../worker/src/config.js';" },
      ['apps/api/src/a/b.ts: leaves its package for ../../../worker/src/config.js'],
    ],
    [
      'a package that knows too much, even a type of it',
      rules.packagesKnowFew,
      {
        'packages/search/src/a.ts': "import type { X } from '@trawl/store'; import { y } from '@trawl/spec';",
        'packages/nn/src/a.ts': "export { x } from '@trawl/models/catalog';",
        'packages/datasets/src/a.ts': "type A = import('@trawl/models').A;",
        'packages/datasets/src/a.test.ts': "import '@trawl/nn';",
        'packages/spec/src/a.ts': "const x = await import('@trawl/search');",
        'packages/newcomer/src/a.ts': 'export {};',
      },
      [
        'packages/search/src/a.ts: search may not know @trawl/store',
        'packages/nn/src/a.ts: nn may not know @trawl/models/catalog',
        'packages/datasets/src/a.ts: datasets may not know @trawl/models',
        'packages/spec/src/a.ts: spec may not know @trawl/search',
        'packages/newcomer/src/a.ts: the package newcomer stands in no rule of its own',
      ],
    ],
    [
      'an app that imports an app',
      rules.appsApart,
      { 'apps/api/src/a.ts': '', 'apps/cli/src/a.ts': "import { x } from '@trawl/api'; import '@trawl/spec';" },
      ['apps/cli/src/a.ts: imports the app @trawl/api'],
    ],
    [
      'a Node built-in where a browser runs it',
      rules.pureInBrowsers,
      {
        'packages/spec/src/a.ts': "import { readFile } from 'node:fs';",
        'packages/store/src/a.ts': "import 'node:fs';",
        'packages/client/src/http.ts': "import 'node:http';",
        'packages/client/src/files.ts': "import 'node:fs';",
      },
      ['packages/spec/src/a.ts: imports node:fs', 'packages/client/src/http.ts: imports node:http'],
    ],
    [
      'a heavy light half, through another file too',
      rules.lightHalf,
      {
        ...nn,
        'packages/models/src/catalog.ts': "import { card } from './m/card.js';",
        'packages/models/src/m/card.ts':
          "import { z } from 'zod'; import type { T } from '@trawl/nn'; import { m } from './metrics.js';",
        'packages/models/src/m/metrics.ts': "import { type A } from '@trawl/nn';",
        'packages/models/src/m/params.ts': "import 'lodash';",
      },
      [
        'packages/models/src/catalog.ts: loads @trawl/nn through packages/models/src/m/metrics.ts',
        'packages/models/src/m/card.ts: loads @trawl/nn through packages/models/src/m/metrics.ts',
        'packages/models/src/m/params.ts: loads lodash',
      ],
    ],
    [
      'something heavy outside of a trainer',
      rules.heavyInTrainersOnly,
      {
        'apps/worker/src/trainer/main.ts': "import '@trawl/nn'; import '@trawl/datasets/open';",
        'apps/worker/src/supervisor/a.ts': "await import('@trawl/models/trainers');",
        'apps/api/src/a.ts': "import '@trawl/datasets/inspect'; import '@trawl/datasets/open';",
        'apps/scheduler/src/a.ts': "import type { B } from '@trawl/nn'; import '@trawl/nn/native';",
        'apps/cli/src/doctor.ts': "import '@trawl/nn/native';",
        'packages/models/src/m/network.ts': "import '@trawl/nn'; import '@tensorflow/tfjs-core';",
        'packages/datasets/src/a.ts': "import '@tensorflow/tfjs-core';",
      },
      [
        'apps/worker/src/supervisor/a.ts: only a trainer process may import @trawl/models/trainers',
        'apps/api/src/a.ts: only a trainer process may import @trawl/datasets/open',
        'apps/scheduler/src/a.ts: only a trainer process may import @trawl/nn/native',
        'packages/datasets/src/a.ts: only a trainer process may import @tensorflow/tfjs-core',
      ],
    ],
    [
      'TensorFlow.js by a roundabout way',
      rules.noTensorFlowOutside,
      {
        ...nn,
        'apps/cli/src/doctor.ts': "import '@trawl/nn/native';",
        'apps/cli/src/wrong.ts': "import '@trawl/nn/open';",
        'apps/api/src/a.ts': "import './b.js';",
        'apps/api/src/b.ts': "const { x } = await import('@trawl/nn');",
      },
      [
        'apps/cli/src/wrong.ts: loads @tensorflow/tfjs-core through apps/cli/src/wrong.ts > packages/nn/src/open.ts',
        'apps/api/src/a.ts: loads @tensorflow/tfjs-core through apps/api/src/a.ts > apps/api/src/b.ts > packages/nn/src/index.ts > packages/nn/src/open.ts',
        'apps/api/src/b.ts: loads @tensorflow/tfjs-core through apps/api/src/b.ts > packages/nn/src/index.ts > packages/nn/src/open.ts',
      ],
    ],
    [
      'the environment outside of a config',
      rules.environmentInConfig,
      {
        'apps/api/src/config.ts': 'export const a = process.env;',
        'apps/api/src/a.ts': 'export const a = process.env.HOME;',
        'apps/api/src/b.ts': "export const a = process['env'];",
        'apps/api/src/c.ts': 'const { env } = process; export { env };',
        'packages/nn/src/config.ts': "import { env } from 'node:process'; export { env };",
        'apps/api/src/fine.ts': "// process.env is read in config.ts\nexport const a = process.pid + 'process.env';",
      },
      [
        'apps/api/src/a.ts: reads process.env',
        'apps/api/src/b.ts: reads process.env',
        'apps/api/src/c.ts: reads process.env',
        'packages/nn/src/config.ts: reads process.env',
      ],
    ],
    [
      'a command that asks the service by itself',
      rules.cliAsksTheClient,
      {
        'apps/cli/src/a.ts': "await fetch('http://x');",
        'apps/cli/src/b.ts': "import { request } from 'node:http';",
        'apps/cli/src/fine.ts': "import { createClient } from '@trawl/client'; const fetched = 'fetch()';",
        'apps/worker/src/a.ts': "await fetch('http://x');",
      },
      ['apps/cli/src/a.ts: calls fetch', 'apps/cli/src/b.ts: imports node:http'],
    ],
    [
      'a number that nobody can draw again',
      rules.noMathRandom,
      { 'packages/nn/src/a.test.ts': 'Math.random();', 'packages/nn/src/b.ts': 'const { random } = Math; random();' },
      ['packages/nn/src/a.test.ts: draws from Math.random', 'packages/nn/src/b.ts: draws from Math.random'],
    ],
  ])('%s', (_, rule, files, offences) => {
    expect(rule(tree(files))).toEqual(offences);
  });

  test('an import of a package file that does not exist', () => {
    const files = tree({ 'apps/api/src/a.ts': "import '@trawl/nn/gone';", ...nn });
    expect(() => rules.noTensorFlowOutside(files)).toThrow('apps/api/src/a.ts: @trawl/nn/gone has no source');
  });
});
