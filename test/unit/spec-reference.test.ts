import { readdirSync, readFileSync } from 'node:fs';
import { inspectDataset } from '@trawl/datasets/inspect';
import { joinFacts } from '@trawl/datasets/sessions';
import { catalog } from '@trawl/models/catalog';
import { checkSweep, countCells } from '@trawl/search';
import type { CheckEnv } from '@trawl/search';
import { applySmoke, isPlainObject, parseSweepText, SweepSpecSchema } from '@trawl/spec';
import type { DatasetFacts, DatasetSpec, Fault, Space } from '@trawl/spec';
import { renderReference } from '@trawl/spec/reference';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = new URL('../../', import.meta.url);
const folder = new URL('packages/spec/reference/', root);
const sections = readdirSync(folder)
  .sort()
  .map((file) => readFileSync(new URL(file, folder), 'utf8'));
const page = readFileSync(new URL('docs/spec.md', root), 'utf8');
const examples = [...page.matchAll(/^```yaml\nname: (\S+)\n.*?^```$/gms)].map(
  ([block, name = '']): [string, string] => [name, block.replaceAll(/^```(yaml)?$/gm, '')],
);

/** Of a folder with a hundred clips of colour. */
function folderFacts({ path, size, clip }: Extract<DatasetSpec, { kind: 'frames' }>): DatasetFacts {
  const trials = Array.from({ length: 100 }, (_, i) => i);
  return {
    kind: 'frames',
    hash: path,
    size: 1e9,
    trials: 100,
    frames: trials.map(() => clip ?? 100),
    height: size ?? 64,
    width: size ?? 64,
    channels: 3,
    labels: 0,
    labelMasks: false,
    frameMasks: false,
    splits: { train: trials.slice(0, 80), val: trials.slice(80, 90), test: trials.slice(90) },
  };
}

/** Files as a mouse in a box gives them, each other than the next; generated data as they are. */
const inspect: CheckEnv['inspect'] = async (dataset, path) => {
  if (dataset.kind === 'sessions') {
    const inspected = await Promise.all(dataset.sessions.map((session) => inspect(session, path)));
    return joinFacts(
      inspected.flatMap((each) => ('facts' in each ? [each.facts] : [])),
      path,
    );
  }
  if (dataset.kind === 'frames') return { facts: folderFacts(dataset) };
  if (dataset.kind !== 'hdf5') return inspectDataset(dataset, { roots: [], at: path });
  const size = { trials: 40, frames: Array.from({ length: 40 }, () => 200), height: 64, width: 64, channels: 1 };
  const facts: DatasetFacts = {
    kind: dataset.kind,
    hash: dataset.path,
    size: 1e9,
    ...size,
    labels: 8,
    labelMasks: true,
    frameMasks: false,
  };
  return { facts };
};

const env: CheckEnv = { catalog, inspect, tensorsOf: async () => ({}) };

function read(text: string): unknown {
  const parsed = parseSweepText(text, 'yaml');
  expect(parsed).toMatchObject({ ok: true });
  return parsed.ok ? parsed.value : null;
}

async function faultsOf(spec: unknown): Promise<Fault[]> {
  const checked = await checkSweep(spec, env);
  return checked.ok ? [] : checked.faults;
}

/** What the only search of an example varies. */
async function spaceOf(name: string): Promise<Space> {
  const checked = await checkSweep(read(new Map(examples).get(name) ?? ''), env);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return checked.plan.stages[0]!.space;
}

type Shape = z.core.JSONSchema._JSONSchema;
const ALL = Symbol('every value');

/** Keys and choices of a schema that a value uses, as `select.rule=knee`. A stage's `select` counts as the sweep's. */
function* uses(shape: Shape, value: unknown, path = ''): Generator<string> {
  if (typeof shape === 'boolean') return;
  for (const option of shape.oneOf ?? shape.anyOf ?? []) if (fits(option, value)) yield* uses(option, value, path);
  for (const choice of shape.enum ?? (shape.const === undefined ? [] : [shape.const])) {
    if (value === ALL || value === choice) yield sameAs(`${path}=${String(choice)}`);
  }
  for (const [key, member] of Object.entries(shape.properties ?? {})) {
    if (value !== ALL && !(isPlainObject(value) && Object.hasOwn(value, key))) continue;
    const place = path === '' ? key : `${path}.${key}`;
    yield sameAs(place);
    yield* uses(member, isPlainObject(value) ? value[key] : value, place);
  }
  const entries = value === ALL ? [ALL] : typeof value === 'object' && value !== null ? Object.values(value) : [];
  const inner = Array.isArray(shape.items) ? undefined : (shape.items ?? shape.additionalProperties);
  if (inner !== undefined) for (const entry of entries) yield* uses(inner, entry, path);
}

const sameAs = (path: string): string =>
  path
    .replace(/^stages\.(\w+)(?=[.=])/, '$1')
    .replace(/^zip\./, 'grid.')
    .replace(/^dataset\.sessions\./, 'dataset.');

/** Whether an object has no key that an option lacks, and its kind. */
function fits(option: Shape, value: unknown): boolean {
  if (value === ALL || !isPlainObject(value) || typeof option === 'boolean') return true;
  const { properties = {} } = option;
  const { kind } = properties;
  if (typeof kind === 'object' && kind.const !== value['kind']) return false;
  return Object.keys(value).every((key) => Object.hasOwn(properties, key));
}

describe('docs/spec.md', () => {
  it('says what the schemas say', () => {
    expect(page === renderReference(sections), 'docs/spec.md is out of date: npm run docs').toBe(true);
  });

  it.each(examples)('gives a legal example: %s', async (_name, text) => {
    const spec = read(text);
    expect(await faultsOf(spec)).toEqual([]);
    expect(await faultsOf(applySmoke(spec)), 'with its smoke laid over').toEqual([]);
  });

  it('counts as the service does', async () => {
    expect(countCells(await spaceOf('first'))).toBe(4);
    expect(countCells(await spaceOf('groups'))).toBe(3);
    expect((await spaceOf('axes')).grid).toMatchObject({
      alpha: [100, 300, 500],
      learning_rate: [0.0001, 0.001, 0.01],
      beta: [5, 10, 15],
    });
  });

  it('uses every key, form and choice of the language in an example', () => {
    const spec = z.toJSONSchema(SweepSpecSchema, { io: 'input', unrepresentable: 'any' });
    const used = new Set(examples.flatMap(([, text]) => [...uses(spec, read(text))]));
    const all = [...new Set(uses(spec, ALL))];
    expect(all.length).toBeGreaterThan(90);
    expect(all.filter((place) => !used.has(place))).toEqual([]);
  });
});
