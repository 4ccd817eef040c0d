/*
 * What schema.prisma says of the tables, and what a database has, in the same form. Prisma's own
 * comparison (`prisma migrate diff`) needs a schema engine, which no package contains.
 */

export interface TableShape {
  /** `name type`, with `?` where null is allowed and `=` where there is a default. */
  columns: string[];
  primaryKey: string;
  uniques: string[];
  indexes: string[];
  /** `column -> table, on delete action`. */
  foreignKeys: string[];
}

export interface DatabaseShape {
  tables: Record<string, TableShape>;
  enums: Record<string, string[]>;
}

const TYPES: Record<string, string> = { String: 'text', Int: 'int4', Float: 'float8', BigInt: 'int8', Boolean: 'bool' };
const NATIVE_TYPES: Record<string, string> = {
  Uuid: 'uuid',
  SmallInt: 'int2',
  Json: 'json',
  'Timestamptz(3)': 'timestamptz(3)',
};
const ACTIONS: Record<string, string> = {
  Cascade: 'cascade',
  NoAction: 'no action',
  Restrict: 'restrict',
  SetNull: 'set null',
};

interface Block {
  name: string;
  lines: string[];
}

export function shapeOfSchema(text: string): DatabaseShape {
  const models = blocks(text, 'model');
  const enums = blocks(text, 'enum');
  const tableOf = new Map(models.map((model) => [model.name, mapped(model)]));
  const enumOf = new Map(enums.map((each) => [each.name, mapped(each)]));
  return {
    tables: Object.fromEntries(models.map((model) => [mapped(model), tableShape(model, tableOf, enumOf)])),
    enums: Object.fromEntries(enums.map((each) => [mapped(each), each.lines.filter((line) => /^\w+$/.test(line))])),
  };
}

function blocks(text: string, keyword: string): Block[] {
  const found = text.matchAll(new RegExp(`^${keyword} (\\w+) \\{\\n([^}]*)^\\}`, 'gm'));
  return [...found].map(([, name, body]) => ({
    name: name!,
    lines: body!
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('//')),
  }));
}

const mapped = (block: Block): string => /@@map\("(\w+)"\)/.exec(block.lines.join('\n'))?.[1] ?? block.name;

function tableShape(model: Block, tableOf: Map<string, string>, enumOf: Map<string, string>): TableShape {
  const fields = model.lines
    .filter((line) => !line.startsWith('@@'))
    .map((line) => {
      const [, name, type, list, optional, rest] = /^(\w+)\s+(\w+)(\[\])?(\?)?\s*(.*)$/.exec(line)!;
      const column = /@map\("(\w+)"\)/.exec(rest!)?.[1] ?? name!;
      return {
        name: name!,
        type: type!,
        list: list !== undefined,
        optional: optional !== undefined,
        rest: rest!,
        column,
      };
    });
  const columnOf = (name: string): string => fields.find((field) => field.name === name)!.column;
  const columnsOf = (names: string): string =>
    names
      .split(',')
      .map((name) => columnOf(name.trim()))
      .join(', ');
  const keys = (attribute: string): string[] =>
    model.lines.flatMap((line) => {
      const names = new RegExp(`^@@${attribute}\\(\\[([^\\]]+)\\]`).exec(line)?.[1];
      return names === undefined ? [] : [columnsOf(names)];
    });
  const marked = (attribute: RegExp): string[] =>
    fields.filter((field) => attribute.test(field.rest)).map((field) => field.column);
  const scalars = fields.filter((field) => !tableOf.has(field.type));
  return {
    columns: scalars
      .map((field) => {
        const native = /@db\.(\w+(\(\d\))?)/.exec(field.rest)?.[1];
        const type = native === undefined ? (TYPES[field.type] ?? enumOf.get(field.type)!) : NATIVE_TYPES[native]!;
        // A list may be null to Postgres, and never is to Prisma.
        const nullable = field.optional || field.list ? '?' : '';
        const preset = field.rest.includes('@default') ? '=' : '';
        return `${field.column} ${field.list ? '_' : ''}${type}${nullable}${preset}`;
      })
      .sort(),
    primaryKey: [...marked(/@id\b/), ...keys('id')].join(),
    uniques: [...marked(/@unique\b/), ...keys('unique')].sort(),
    indexes: keys('index').sort(),
    foreignKeys: fields
      .filter((field) => /@relation\(.*fields:/.test(field.rest))
      .map((field) => {
        const from = columnsOf(/fields: \[([^\]]+)\]/.exec(field.rest)![1]!);
        const given = /onDelete: (\w+)/.exec(field.rest)?.[1];
        const action = ACTIONS[given ?? (field.optional ? 'SetNull' : 'Restrict')];
        return `${from} -> ${tableOf.get(field.type)}, on delete ${action}`;
      })
      .sort(),
  };
}

type Query = (sql: string) => Promise<Record<string, string>[]>;

const COLUMNS = `
  select table_name as table,
         column_name || ' ' || udt_name
           || case when udt_name = 'timestamptz' then '(' || datetime_precision || ')' else '' end
           || case when is_nullable = 'YES' then '?' else '' end
           || case when column_default is not null then '=' else '' end as shape
  from information_schema.columns
  where table_schema = 'public' and table_name <> '_prisma_migrations'`;

/** Partial indexes are left out: Prisma cannot say them. */
const INDEXES = `
  select t.relname as table, case when i.indisprimary then 'primary' when i.indisunique then 'unique' else 'index' end as kind,
         string_agg(a.attname, ', ' order by k.n) as shape
  from pg_index i
  join pg_class t on t.oid = i.indrelid
  join pg_namespace s on s.oid = t.relnamespace and s.nspname = 'public'
  cross join unnest(i.indkey::int2[]) with ordinality as k (attnum, n)
  join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum
  where i.indpred is null and t.relname <> '_prisma_migrations'
  group by t.relname, i.indexrelid, i.indisprimary, i.indisunique`;

const FOREIGN_KEYS = `
  select t.relname as table,
         a.attname || ' -> ' || r.relname || ', on delete '
           || case c.confdeltype when 'c' then 'cascade' when 'a' then 'no action' when 'r' then 'restrict' when 'n' then 'set null' end as shape
  from pg_constraint c
  join pg_class t on t.oid = c.conrelid
  join pg_class r on r.oid = c.confrelid
  join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1]
  where c.contype = 'f'`;

const ENUMS = `
  select t.typname as name, string_agg(e.enumlabel, ',' order by e.enumsortorder) as labels
  from pg_enum e join pg_type t on t.oid = e.enumtypid
  group by t.typname`;

const shapes = (rows: Record<string, string>[], table: string, kind?: string): string[] =>
  rows
    .filter((row) => row['table'] === table && row['kind'] === kind)
    .map((row) => row['shape']!)
    .sort();

export async function shapeOfDatabase(query: Query): Promise<DatabaseShape> {
  const [columns, indexes, foreignKeys, enums] = [
    await query(COLUMNS),
    await query(INDEXES),
    await query(FOREIGN_KEYS),
    await query(ENUMS),
  ];
  const tables = [...new Set(columns.map((column) => column['table']!))];
  return {
    tables: Object.fromEntries(
      tables.map((table) => [
        table,
        {
          columns: shapes(columns, table),
          primaryKey: shapes(indexes, table, 'primary').join(),
          uniques: shapes(indexes, table, 'unique'),
          indexes: shapes(indexes, table, 'index'),
          foreignKeys: shapes(foreignKeys, table),
        },
      ]),
    ),
    enums: Object.fromEntries(enums.map((each) => [each['name'], each['labels']!.split(',')])),
  };
}
