import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api.js';

interface Parameter {
  name: string;
  in: string;
  description?: string;
  schema: { description?: string };
}

interface Operation {
  summary?: string;
  tags?: string[];
  security?: object[];
  parameters?: Parameter[];
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
  security: object[];
}

let api: TestApi;
let document: Document;
let operations: [string, Operation][];
beforeAll(async () => {
  api = await startApi();
  document = (await api.inject({ url: '/openapi.json' })).json();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
});
afterAll(() => api.close());

describe('/openapi.json', () => {
  it('is OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...structuredClone(document) });
    expect(errors).toBeUndefined();
    expect([valid, validator.version]).toEqual([true, '3.1']);
    // The validator sees a broken one.
    const broken = { ...structuredClone(document), paths: { '/x': { get: { responses: 7 } } } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it('is the one in docs', () => {
    const kept = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
    const now = `${JSON.stringify(document, null, 2)}\n`;
    expect(kept === now, 'docs/openapi.json is out of date: npm run docs').toBe(true);
  });

  it('refers only to what it holds', () => {
    const named = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(new Set(named)).toEqual(new Set(Object.keys(document.components.schemas)));
    expect(JSON.stringify(document).match(/"\$ref":/g)).toHaveLength(named.length);
  });

  it('says of every call what it does, takes and answers, and who may', () => {
    const lacking = operations.flatMap(([name, { summary = '', tags = [], parameters = [], responses, security }]) => {
      const described = parameters.every(({ description, schema }) => (description ?? schema.description ?? '') !== '');
      const open = security !== undefined && security.length === 0;
      const problems = ['4XX', '5XX'].every((status) => responses[status]?.content?.['application/problem+json']);
      const answers = Object.keys(responses).some((status) => /^[23]\d\d$/.test(status));
      const params = [...name.matchAll(/\{(\w+)\}/g)].map(([, each]) => each);
      const inPath = parameters.filter((each) => each.in === 'path').map((each) => each.name);
      const complete = params.every((each) => inPath.includes(each ?? ''));
      const keyed = open === /\/(livez|readyz)$/.test(name);
      const fine = summary !== '' && tags.length > 0 && described && problems && answers && complete && keyed;
      return fine ? [] : [name];
    });
    // It answers as long as the process does.
    expect(lacking).toEqual(['get /livez']);
    expect(document.security).toEqual([{ key: [] }]);
    expect(document.components.securitySchemes['key']).toMatchObject({ type: 'http', scheme: 'bearer' });
  });
});

describe('/docs', () => {
  it('is a page that loads everything from here', async () => {
    const page = await api.inject({ url: '/docs/' });
    expect(page.headers['content-type']).toContain('text/html');
    const linked = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
    expect(linked.length).toBeGreaterThan(3);
    for (const url of linked) {
      const answer = await api.inject({ url: new URL(url, 'http://here/docs/').pathname });
      expect([url, answer.statusCode]).toEqual([url, 200]);
    }
    expect(linked.filter((url) => /^(https?:)?\/\//.test(url))).toEqual([]);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https:|unsafe|upgrade-insecure/);
    const started = (await api.inject({ url: '/docs/static/swagger-initializer.js' })).body;
    expect(started).toContain('"validatorUrl":null');
    expect((await api.inject({ url: '/docs/json' })).json()).toEqual(document);
    for (const method of ['GET', 'HEAD'] as const) {
      for (const name of ['%00', '/etc/passwd', '..%2f..%2fpackage.json', 'nothing.js'])
        expect([name, (await api.inject({ method, url: `/docs/static/${name}` })).statusCode]).toEqual([name, 404]);
    }
  });
});
