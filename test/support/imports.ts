import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Visitor, parseSync } from 'oxc-parser';

export interface Import {
  /** As written: `./card.js`, `@trawl/nn`, `zod`. */
  from: string;
  /** Erased before the file runs. */
  typeOnly: boolean;
}

export interface Source {
  /** From the repository's root, as `packages/nn/src/layers.ts`. */
  file: string;
  imports: Import[];
  /** `process.env`, `Math.random` and calls of `fetch`, where the file says them. */
  globals: string[];
}

/** Files by path. */
export type Sources = ReadonlyMap<string, Source>;

const WATCHED = new Map([
  ['process', 'env'],
  ['Math', 'random'],
]);

/** Every source of apps and packages; generated code and builds are not ours to judge. */
export function readSources(root: string): Sources {
  const sources = new Map<string, Source>();
  for (const kind of ['apps', 'packages']) {
    for (const name of readdirSync(path.join(root, kind))) {
      const folder = path.join(root, kind, name, 'src');
      for (const entry of safeList(folder)) {
        const file = path.relative(root, path.join(folder, entry)).split(path.sep).join('/');
        if (!/\.tsx?$/.test(file) || file.includes('/generated/')) continue;
        sources.set(file, parseSource(file, readFileSync(path.join(root, file), 'utf8')));
      }
    }
  }
  return sources;
}

function safeList(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}

export function parseSource(file: string, text: string): Source {
  const { module, program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const imports: Import[] = [];
  for (const { moduleRequest, start } of module.staticImports) {
    // `import { type A }` still runs the file; `import type { A }` does not.
    imports.push({ from: moduleRequest.value, typeOnly: /^import\s+type\s+[\w{*]/.test(text.slice(start)) });
  }
  for (const { entries, start } of module.staticExports) {
    const from = entries[0]?.moduleRequest?.value;
    if (from !== undefined) imports.push({ from, typeOnly: /^export\s+type\b/.test(text.slice(start)) });
  }
  const globals = new Set<string>();
  new Visitor({
    ImportExpression({ source }) {
      const literal = source.type === 'Literal' && typeof source.value === 'string' ? source.value : null;
      imports.push({ from: literal ?? '(computed)', typeOnly: false });
    },
    TSImportType({ source }) {
      imports.push({ from: source.value, typeOnly: true });
    },
    CallExpression({ callee }) {
      if (callee.type === 'Identifier' && callee.name === 'fetch') globals.add('fetch');
    },
    MemberExpression({ object, property }) {
      if (object.type !== 'Identifier') return;
      const name = property.type === 'Identifier' ? property.name : property.type === 'Literal' ? property.value : null;
      if (name !== null && name === WATCHED.get(object.name)) globals.add(`${object.name}.${name}`);
    },
    VariableDeclarator({ id, init }) {
      if (init?.type !== 'Identifier' || id.type !== 'ObjectPattern') return;
      const watched = WATCHED.get(init.name);
      for (const property of id.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue;
        if (property.key.name === watched) globals.add(`${init.name}.${watched}`);
      }
    },
  }).visit(program);
  const fromProcess = module.staticImports.filter(({ moduleRequest }) => /^(node:)?process$/.test(moduleRequest.value));
  if (fromProcess.some(({ entries }) => entries.some(({ importName }) => importName.name === 'env'))) {
    globals.add('process.env');
  }
  return { file, imports, globals: [...globals] };
}

export const isTest = (file: string): boolean => /\.(test|testing)\.tsx?$/.test(file) || file.includes('/src/testing/');

/** `packages/nn` of `packages/nn/src/layers.ts`. */
export const homeOf = (file: string): string => file.split('/').slice(0, 2).join('/');

/** The source that an import leads to, or null where it leads out of the repository. Throws where there is none. */
export function target(from: string, importer: string, sources: Sources): string | null {
  const trawl = /^@trawl\/([^/]+)(?:\/(.*))?$/.exec(from);
  if (!trawl && !from.startsWith('.')) return null;
  const bare = trawl
    ? `packages/${trawl[1]}/src/${trawl[2] ?? 'index'}`
    : path.posix.join(path.posix.dirname(importer), from).replace(/\.jsx?$/, '');
  const found = [`${bare}.ts`, `${bare}.tsx`].find((file) => sources.has(file));
  if (found === undefined && trawl) throw new Error(`${importer}: ${from} has no source`);
  return found ?? null;
}

/**
 * What a file loads when it runs, by following imports as far as `follow` goes (at most through this repository):
 * each import that leads further, with the files on the way to it.
 */
export function loads(file: string, sources: Sources, follow: (next: string) => boolean): Map<string, string[]> {
  const outside = new Map<string, string[]>();
  const seen = new Set([file]);
  const queue = [[file]];
  for (let way = queue.shift(); way; way = queue.shift()) {
    const last = way.at(-1) ?? file;
    for (const { from, typeOnly } of sources.get(last)?.imports ?? []) {
      if (typeOnly) continue;
      const next = target(from, last, sources);
      if (next === null || !follow(next)) {
        if (!outside.has(from)) outside.set(from, way);
      } else if (!seen.has(next)) {
        seen.add(next);
        queue.push([...way, next]);
      }
    }
  }
  return outside;
}
