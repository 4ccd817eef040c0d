import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectDataset } from '@trawl/datasets/inspect';
import { catalog } from '@trawl/models/catalog';
import { openQueue, type RunQueue } from '@trawl/queue';
import type { Problem } from '@trawl/spec';
import { type ArtifactFiles, listen, LocalArtifacts, openStore, type Store } from '@trawl/store';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import pino from 'pino';
import { buildApp } from '../../apps/api/dist/app.js';
import type { Limits } from '../../apps/api/dist/services/services.js';
import { Wakeups } from '../../apps/api/dist/services/wakeups.js';
import { freshDatabase } from './database.js';

/** The api with everything real behind it, in this process. */
export interface TestApi {
  app: FastifyInstance;
  store: Store;
  files: ArtifactFiles;
  databaseUrl: string;
  queues: readonly RunQueue[];
  /** The data root. */
  root: string;
  /** Lines that were logged, parsed. */
  logged: Record<string, unknown>[];
  inject(options: InjectOptions): Promise<LightMyRequestResponse>;
  /** Posts a spec as JSON; the answer's status must be 201. */
  submit(spec: object): Promise<string>;
  close(): Promise<void>;
}

export async function startApi({
  limits,
  graceSeconds,
  keysRequired = false,
  requestsPerSecond = 0,
}: {
  limits?: Partial<Limits>;
  graceSeconds?: number;
  keysRequired?: boolean;
  requestsPerSecond?: number;
} = {}): Promise<TestApi> {
  const database = await freshDatabase();
  const { databaseUrl } = database;
  const folder = await mkdtemp(join(tmpdir(), 'trawl-api-'));
  const root = await mkdtemp(join(folder, 'data-'));
  const store = await openStore({ databaseUrl });
  const files = new LocalArtifacts(join(folder, 'artifacts'));
  const queues = await Promise.all(
    (['cpu', 'gpu'] as const).map((capability) => openQueue({ url: databaseUrl, capability })),
  );
  const wakeups = new Wakeups();
  const listener = await listen(databaseUrl, (notification) => wakeups.notify(notification));
  const logged: Record<string, unknown>[] = [];
  const app = buildApp({
    store,
    files,
    queues,
    catalog,
    dataRoots: [root],
    inspect: (dataset, at) => inspectDataset(dataset, { roots: [root], at }),
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) }),
    wakeups,
    keysRequired,
    requestsPerSecond,
    ...(limits ? { limits } : {}),
    ...(graceSeconds === undefined ? {} : { graceSeconds }),
  });
  const inject = (options: InjectOptions) => app.inject(options);
  return {
    app,
    store,
    files,
    databaseUrl,
    queues,
    root,
    logged,
    inject,
    async submit(spec) {
      const answer = await inject({ method: 'POST', url: '/v1/sweeps', payload: spec });
      if (answer.statusCode !== 201) throw new Error(`POST answered ${answer.statusCode}: ${answer.body}`);
      return answer.json().id;
    },
    async close() {
      await app.close();
      await Promise.all([listener.close(), ...queues.map((queue) => queue.close())]);
      await store.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The answer's problem; fails the test where it is none. */
export function problemOf(answer: LightMyRequestResponse): Problem {
  if (!String(answer.headers['content-type']).startsWith('application/problem+json')) {
    throw new Error(`no problem but ${answer.statusCode}: ${answer.body.slice(0, 500)}`);
  }
  const problem: Problem = answer.json();
  if (problem.status !== answer.statusCode)
    throw new Error(`status ${answer.statusCode} with problem ${problem.status}`);
  return problem;
}
