import { z } from 'zod';
import { wordsOf } from './legal.js';
import { SweepSpecSchema } from './sweepSpec.js';

type Shape = z.core.JSONSchema.JSONSchema;

const NOTE =
  '<!-- Written by `npm run docs`. The prose is in packages/spec/reference, the tables are made of the schemas. -->';

/**
 * The reference of the sweep spec (Markdown): prose with a table wherever a line says `{{keys PATH}}`, the keys of the
 * object at a path of the spec (`stages.from`; of a dataset `dataset.hdf5`; none: the spec itself), or
 * `{{forms PATH}}`, the forms of what stands there.
 * @throws Error where a path leads nowhere
 */
export function renderReference(sections: readonly string[]): string {
  const spec = z.toJSONSchema(SweepSpecSchema, { io: 'input', unrepresentable: 'any' });
  const headings = new Set(sections.flatMap((text) => [...text.matchAll(/^#+ `(\w+)`$/gm)].map(([, key]) => key)));
  const filled = sections.map((text) =>
    text.trim().replaceAll(/^\{\{(keys|forms) ?(.*)\}\}$/gm, (_line, what: string, path: string) => {
      const shape = path === '' ? spec : path.split('.').reduce(memberOf, spec);
      return what === 'keys' ? keyTable(shape, headings) : formTable(shape);
    }),
  );
  return `${[NOTE, ...filled].join('\n\n')}\n`;
}

/** What stands at a key: of a list and of an object with any keys, what each entry is. */
function memberOf(shape: Shape, key: string): Shape {
  const option = shape.oneOf?.find((each) => wordsOf(propertiesOf(each)['kind'] ?? false) === key);
  const found = option ?? propertiesOf(shape)[key];
  if (typeof found !== 'object') throw new Error(`the sweep spec has no ${key} where the reference asks for it`);
  return entryOf(found) ?? found;
}

function entryOf({ items, additionalProperties }: Shape): Shape | null {
  if (typeof items === 'object' && !Array.isArray(items)) return items;
  return typeof additionalProperties === 'object' ? additionalProperties : null;
}

const propertiesOf = (shape: Shape | boolean): NonNullable<Shape['properties']> =>
  (typeof shape === 'object' ? shape.properties : undefined) ?? {};

function keyTable(shape: Shape, headings: ReadonlySet<string | undefined>): string {
  const rows = Object.entries(propertiesOf(shape)).map(([key, member]) => {
    if (typeof member !== 'object') throw new Error(`the key ${key} takes anything or nothing`);
    // A number has nothing to read up: the `seeds` of a refit are not the `seeds` of a sweep.
    const hasSection = headings.has(key) && member.type !== 'integer';
    const name = hasSection ? `[\`${key}\`](#${key.toLowerCase()})` : `\`${key}\``;
    const fallback = member.default === undefined ? '' : codeOf(member.default);
    return [name, member.description ?? '', takes(member), shape.required?.includes(key) ? 'required' : fallback];
  });
  return table(['key', 'what it says', 'takes', 'default'], rows);
}

function formTable({ anyOf = [] }: Shape): string {
  const rows = anyOf.map((option) => {
    const words = wordsOf(option);
    const description = typeof option === 'object' ? option.description : undefined;
    return [words.startsWith('{') ? `\`${words}\`` : words, description ?? ''];
  });
  return table(['form', 'stands for'], rows);
}

/** What is legal, in words; objects have tables of their own. */
function takes(shape: Shape): string {
  const isObject = shape.type === 'object' || shape.oneOf !== undefined;
  if (isObject && shape['legal'] === undefined) return 'an object';
  const entry = entryOf(shape);
  return wordsOf(entry?.type === 'object' ? { ...shape, items: { type: 'object' } } : shape);
}

/** As YAML writes it. */
const codeOf = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}
