import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@trawl/client';
import { createFileClient } from '@trawl/client/files';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api.js';
import { listen } from '../support/ports.js';

/* Every route of the API has a call of the client, and every call of the client is of a route. */

let api: TestApi;
let server: Server;
let folder: string;
const asked = new Set<string>();
const ID = 'IDENTIFIER';

beforeAll(async () => {
  api = await startApi();
  folder = await mkdtemp(join(tmpdir(), 'trawl-routes-'));
  server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.add(`${request.method?.toLowerCase()} ${path}`);
    request.resume();
    response.writeHead(404, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ type: 'about:blank', title: 'No', status: 404, detail: '' }));
  });
});
afterAll(async () => {
  server.close();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** Names of all functions, as `sweeps.get`. */
function callsOf(of: object, under = ''): string[] {
  return Object.entries(of).flatMap(([name, value]) => {
    if (typeof value === 'function') return [`${under}${name}`];
    return typeof value === 'object' && value !== null ? callsOf(value, `${under}${name}.`) : [];
  });
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

it('the routes of the OpenAPI document and the calls of the client are the same', async () => {
  const baseUrl = `http://127.0.0.1:${await listen(server, 0)}`;
  const client = createClient({ baseUrl });
  const files = createFileClient({ baseUrl });
  const path = join(folder, 'file');
  await writeFile(path, 'x');
  const file = { path, name: ID, kind: 'weights', mediaType: 'text/plain' } as const;
  const remote = { id: ID, sha256: '0'.repeat(64), size: 1 };
  const { sweeps, runs, figures, artifacts, datasets, keys, models, workers, health } = client;

  const calls: Record<string, () => Promise<unknown>> = {
    'sweeps.submit': () => sweeps.submit('{}', 'application/json'),
    'sweeps.dryRun': () => sweeps.dryRun('{}', 'application/json'),
    'sweeps.list': () => drain(sweeps.list()),
    'sweeps.get': () => sweeps.get(ID),
    'sweeps.delete': () => sweeps.delete(ID),
    'sweeps.runs': () => drain(sweeps.runs(ID)),
    'sweeps.events': () => drain(sweeps.events(ID)),
    'sweeps.ranking': () => sweeps.ranking(ID),
    'sweeps.udr': () => sweeps.udr(ID),
    'sweeps.labelFit': () => sweeps.labelFit(ID),
    'sweeps.best': () => sweeps.best(ID),
    'sweeps.extend': () => sweeps.extend(ID, { seeds: 1 }),
    'sweeps.export': () => sweeps.export(ID, { format: 'csv' }),
    'sweeps.refit': () => sweeps.refit(ID),
    'sweeps.pause': () => sweeps.pause(ID),
    'sweeps.resume': () => sweeps.resume(ID),
    'sweeps.cancel': () => sweeps.cancel(ID),
    'sweeps.approve': () => sweeps.approve(ID, ID, { who: 'ada' }),
    'runs.get': () => runs.get(ID),
    'runs.metrics': () => runs.metrics(ID),
    'runs.artifacts': () => runs.artifacts(ID),
    'runs.attempts': () => runs.attempts(ID),
    'runs.logs': () => runs.logs(ID),
    'runs.cancel': () => runs.cancel(ID),
    'runs.pause': () => runs.pause(ID),
    'runs.resume': () => runs.resume(ID),
    'projects.list': () => client.projects.list(),
    'projects.limit': () => client.projects.limit(ID, null),
    'runs.retry': () => runs.retry(ID),
    events: () => drain(client.events()),
    'keys.create': () => keys.create({ name: ID, scope: 'read' }),
    'keys.list': () => keys.list(),
    'keys.revoke': () => keys.revoke(ID),
    'keys.self': () => keys.self(),
    'figures.list': () => Promise.allSettled([figures.list('sweep', ID), figures.list('run', ID)]),
    'figures.get': () => Promise.allSettled([figures.get('sweep', ID, ID), figures.get('run', ID, ID)]),
    'figures.url': () => fetch(figures.url('run', ID, ID)),
    'figures.review': () => figures.review(ID, ID),
    'artifacts.url': () => fetch(artifacts.url(ID)),
    'datasets.list': () => drain(datasets.list()),
    'datasets.get': () => datasets.get(ID),
    'datasets.delete': () => datasets.delete(ID),
    'datasets.url': () => fetch(datasets.url(ID)),
    'models.list': () => models.list(),
    'models.get': () => models.get(ID),
    'workers.list': () => workers.list(),
    'health.live': () => health.live(),
    'health.ready': () => health.ready(),
    gc: () => client.gc(),
    audit: () => drain(client.audit()),
    metrics: () => client.metrics(),
    'files.upload': () => files.upload(file),
    'files.uploadOfRun': () => files.uploadOfRun({ ...file, runId: ID, fence: 1 }),
    'files.uploadDataset': () => files.uploadDataset({ path }),
    'files.download': () => files.download(remote, join(folder, 'a')),
    'files.downloadDataset': () => files.downloadDataset(remote, join(folder, 'b')),
  };
  expect([...callsOf(client), ...callsOf(files, 'files.')].sort()).toEqual(Object.keys(calls).sort());
  for (const call of Object.values(calls)) await call().catch(() => undefined);

  const document = (await api.inject({ url: '/openapi.json' })).json();
  const routes = Object.entries<Record<string, unknown>>(document.paths).flatMap(([route, methods]) =>
    Object.keys(methods).map((method) => `${method} ${route.replaceAll(/\{\w+\}/g, ID)}`),
  );
  expect([...asked].sort()).toEqual(routes.sort());
});
