import * as fc from 'fast-check';
import { fromSchema, hostileJson, hostileText, nearly, type Resolve, type Schema } from './values.js';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: Schema;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** A request in which `{{kind:n}}` stands for the n-th thing of a kind that the service has at that time. */
export interface Drawn {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

const KINDS: Record<string, string> = {
  sweeps: 'sweep',
  runs: 'run',
  artifacts: 'artifact',
  datasets: 'dataset',
  keys: 'key',
};

const known = (kind: string): fc.Arbitrary<string> => fc.nat({ max: 30 }).map((n) => `{{${kind}:${n}}}`);

/** Escaped as it must be, or left as it is where a line of HTTP can hold it. */
const inUrl = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.boolean()).map(([each, raw]) => (raw && /^[\x21-\x7e]*$/.test(each) ? each : escaped(each)));

const escaped = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

function pathOf(template: string): fc.Arbitrary<string> {
  const kind = KINDS[/^\/v1\/(\w+)\//.exec(template)?.[1] ?? ''] ?? 'model';
  const parts = template.split('/').map((part): fc.Arbitrary<string> => {
    if (!part.startsWith('{')) return fc.constant(part);
    const names =
      part === '{id}' || kind === 'model'
        ? known(kind)
        : fc.constantFrom('search', 'alpha', 'refit', 'a.txt', 'log.jsonl');
    return fc.oneof({ weight: 5, arbitrary: names }, { weight: 1, arbitrary: inUrl(hostileText) });
  });
  return fc.tuple(...parts).map((each) => each.join('/'));
}

const NAMED: Record<string, readonly string[]> = {
  stage: ['search', 'alpha', 'beta', 'refit'],
  metric: ['val.label_mse', 'train.latent_correlation', 'val.loss'],
  names: ['val.loss', 'val.loss,train.loss', 'val.label_mse'],
  by: ['cell', 'alpha', 'beta'],
  project: ['default', 'mice'],
  name: ['a.txt', 'weights.safetensors'],
  cursor: ['{{sweep:0}}', '{{run:1}}', '{{dataset:0}}'],
  'x-sha256': ['2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
  'last-event-id': ['0', '1', '3'],
  'idempotency-key': ['monday', 'tuesday'],
};

function valueOf({ name, schema }: Parameter, resolve: Resolve): fc.Arbitrary<string> {
  const valid = fromSchema(schema, resolve).map((value) =>
    typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
  );
  const named = NAMED[name];
  return fc.oneof(
    { weight: 3, arbitrary: named === undefined ? valid : fc.constantFrom(...named) },
    { weight: 2, arbitrary: valid },
    { weight: 1, arbitrary: hostileText },
  );
}

/** Each parameter left out, once, or twice; sometimes one that nobody knows. */
function queryOf(parameters: Parameter[], resolve: Resolve): fc.Arbitrary<string> {
  const unknown = fc.tuple(hostileText, hostileText).map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
  const each = parameters.map((parameter) =>
    fc
      .tuple(fc.constantFrom(0, 1, 1, 1, 1, 2), inUrl(valueOf(parameter, resolve)), inUrl(valueOf(parameter, resolve)))
      .map(([times, ...values]) => values.slice(0, times).map((value) => `${parameter.name}=${value}`)),
  );
  return fc
    .tuple(fc.tuple(...each), fc.option(unknown, { freq: 12 }))
    .map(([pairs, extra]) => [...pairs.flat(), ...(extra === null ? [] : [extra])].join('&'));
}

const KEY = fc.constantFrom(
  ...['admin', 'admin', 'admin', 'admin', 'admin', 'admin', 'submit', 'read', 'project'].map(
    (who) => `Bearer {{token:${who}}}`,
  ),
  'Bearer trawl_00000000000000000000000000000000_0000000000000000000000000000000000000000000',
  'Bearer ',
  'Basic YTpi',
  '',
);

/** What a header can carry at all. */
const headerText = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?');

function headersOf(parameters: Parameter[], types: string[], resolve: Resolve): fc.Arbitrary<Record<string, string>> {
  const own = parameters.map((parameter) =>
    fc.option(
      valueOf(parameter, resolve).map((value) => [parameter.name, value] as const),
      { freq: 3 },
    ),
  );
  const type = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.constantFrom(
        ...(types.length === 0 ? ['application/json'] : types.map((each) => each.replace('*/*', 'text/plain'))),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        'text/html',
        'application/xml',
        'application/json; charset=utf-16',
        'multipart/form-data',
        '*/*',
        'x',
      ),
    },
  );
  const other = fc.constantFrom<readonly (readonly [string, string])[]>(
    [],
    [],
    [],
    [['range', 'bytes=0-1']],
    [['range', 'bytes=5-1,x']],
    [['if-none-match', '*']],
    [['accept', 'text/plain']],
    [['host', 'elsewhere']],
    [['x-forwarded-for', '1.2.3.4']],
    [['content-encoding', 'gzip']],
  );
  return fc.tuple(KEY, type, fc.tuple(...own), other).map(([authorization, contentType, given, more]) => {
    const pairs: (readonly [string, string])[] = [
      ['authorization', authorization],
      ['content-type', contentType],
      ...given.filter((each) => each !== null),
      ...more,
    ];
    return Object.fromEntries(
      pairs.map(([name, value]) => [name, headerText(value)]).filter(([, value]) => value !== ''),
    );
  });
}

function bodyOf(
  operation: Operation,
  template: string,
  examples: Record<string, unknown[]>,
  resolve: Resolve,
): fc.Arbitrary<string | null> {
  const [[type, media] = []] = Object.entries(operation.requestBody?.content ?? {});
  if (type === undefined || media === undefined)
    return fc.option(fc.constantFrom('{}', 'x'), { freq: 10 }).map((each) => each);
  if (type === '*/*') return fc.oneof(fc.constant('hello'), fc.constant(''), fc.string({ maxLength: 300 }));
  const good = examples[template] ?? [{}];
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...good).map((each) => JSON.stringify(each)) },
    {
      weight: 6,
      arbitrary: fc
        .constantFrom(...good)
        .chain(nearly)
        .map((each) => JSON.stringify(each) ?? ''),
    },
    { weight: 4, arbitrary: fromSchema(media.schema, resolve).map((each) => JSON.stringify(each) ?? '') },
    { weight: 2, arbitrary: hostileJson.map((each) => JSON.stringify(each) ?? '') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '{', '[1,', 'a: [', '\u0000', '{"a":1}{"b":2}', '\ufeff{}', '&a [*a]', '"x'),
    },
  );
}

/**
 * Requests as the document describes them: mostly what it allows, near it, and far from it.
 * `examples` are good bodies by path.
 */
export function requestsOf(document: OpenApi, examples: Record<string, unknown[]>): fc.Arbitrary<Drawn> {
  const resolve: Resolve = (schema) => {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : (document.components.schemas[name] ?? {});
  };
  const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]): fc.Arbitrary<Drawn> => {
      const of = (place: string) => (operation.parameters ?? []).filter((each) => each.in === place);
      const types = Object.keys(operation.requestBody?.content ?? {});
      return fc
        .record({
          path: pathOf(template),
          query: queryOf(of('query'), resolve),
          headers: headersOf(of('header'), types, resolve),
          body: bodyOf(operation, template, examples, resolve),
        })
        .map(({ path, query, headers, body }) => ({
          method: method.toUpperCase(),
          path: query === '' ? path : `${path}?${query}`,
          headers,
          body: method === 'get' ? null : body,
        }));
    }),
  );
  const nowhere = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'),
    path: fc
      .tuple(
        fc.constantFrom('/', '/v1/', '/v1/artifacts/', '/docs/', '/docs/static/', '/openapi.json/'),
        inUrl(hostileText),
      )
      .map((parts) => parts.join('')),
    headers: KEY.map((authorization): Record<string, string> =>
      authorization === '' ? {} : { authorization: headerText(authorization) },
    ),
    body: fc.constant(null),
  });
  return fc.oneof(...operations, nowhere);
}
