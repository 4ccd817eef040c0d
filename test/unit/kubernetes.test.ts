import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type App, imageEnvironment, readConfigOf, read, root, variablesOf } from '../support/deployment.js';

/* Starts no cluster: what can be known by reading is compared with what it speaks of. */

const FOLDER = 'deploy/kubernetes';
const SECRETS: Record<string, string> = {
  DATABASE_URL: 'postgres://trawl:secret@db:5432/trawl',
  REDIS_URL: 'rediss://redis:6379',
  TRAWL_ARTIFACTS: 's3://bucket/prefix',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  TRAWL_API_KEY: `trawl_${'0'.repeat(32)}_${'0'.repeat(43)}`,
};

const EnvVariable = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.object({ secretKeyRef: z.object({ name: z.literal('trawl'), key: z.string() }) }).optional(),
});
const Probe = z.object({ httpGet: z.object({ path: z.string(), port: z.literal('http') }) });
const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()),
  env: z.array(EnvVariable),
  envFrom: z.array(z.object({ secretRef: z.object({ name: z.literal('trawl') }) })).default([]),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
  livenessProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
});
const Pod = z.looseObject({
  terminationGracePeriodSeconds: z.number().optional(),
  containers: z.tuple([Container]),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
});
const Workload = z.looseObject({
  kind: z.enum(['Deployment', 'Job']),
  metadata: z.object({ name: z.string() }),
  spec: z.looseObject({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }).optional(),
    template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }), spec: Pod }),
  }),
});
const Kustomization = z.looseObject({
  resources: z.array(z.string()),
  images: z.array(z.object({ name: z.string() })).default([]),
});

const documents = (file: string): unknown[] =>
  parseAllDocuments(read(path.join(FOLDER, file))).map((document) => document.toJS());
const folders = readdirSync(path.join(root, FOLDER));
const workloads = folders.flatMap((folder) =>
  readdirSync(path.join(root, FOLDER, folder))
    .flatMap((file) => documents(`${folder}/${file}`))
    .flatMap((document) => Workload.safeParse(document).data ?? []),
);
const named = (name: string) => workloads.find(({ metadata }) => metadata.name === name)!;
const pod = (name: string) => named(name).spec.template.spec;
const container = (name: string) => pod(name).containers[0];

const ROLES: [string, App][] = [
  ['api', 'api'],
  ['scheduler', 'scheduler'],
  ['worker', 'worker'],
  ['worker-gpu', 'worker'],
];

function environment(name: string): Record<string, string> {
  const { image, env, envFrom } = container(name);
  const own = env.map((each) => [each.name, each.value ?? SECRETS[each.valueFrom!.secretKeyRef.key]!]);
  return {
    ...imageEnvironment(image === 'trawl-server' ? 'server' : 'worker'),
    ...(envFrom.length > 0 ? SECRETS : {}),
    ...Object.fromEntries(own),
  };
}

test.each(folders)('%s lists the files that it has and names the images that it uses', (folder) => {
  const { resources, images } = Kustomization.parse(parse(read(`${FOLDER}/${folder}/kustomization.yaml`)));
  const files = readdirSync(path.join(root, FOLDER, folder)).filter((file) => file !== 'kustomization.yaml');
  expect(resources.toSorted()).toEqual(files.toSorted());
  const used = files
    .flatMap((file) => documents(`${folder}/${file}`))
    .flatMap((document) => Workload.safeParse(document).data ?? [])
    .map((workload) => workload.spec.template.spec.containers[0].image);
  expect(images.map(({ name }) => name).toSorted()).toEqual([...new Set(used)].toSorted());
});

test('there is every role, and the job that migrates', () => {
  expect(workloads.map(({ metadata }) => metadata.name).toSorted()).toEqual(
    [...ROLES.map(([name]) => name), 'migrate'].toSorted(),
  );
});

describe.each(ROLES)('%s', (name, app) => {
  test('has variables of its config, which takes them', async () => {
    const known = await variablesOf(app);
    expect(container(name).env.filter((each) => !known.includes(each.name))).toEqual([]);
    const config = (await readConfigOf(app))(environment(name));
    expect(config).toMatchObject({ databaseUrl: SECRETS['DATABASE_URL'], queueUrl: SECRETS['REDIS_URL'] });
  });

  test('runs a file that there is, is found by its label, and mounts volumes that it has', () => {
    const file = container(name).command.at(-1)!;
    expect(existsSync(path.join(root, file.replace(/dist\/(\w+)\.js$/, 'src/$1.ts')))).toBe(true);
    const { selector, template } = named(name).spec;
    expect(template.metadata.labels).toMatchObject(selector!.matchLabels);
    expect(template.metadata.labels).toEqual({ 'app.kubernetes.io/component': name });
    const volumes = pod(name).volumes.map((volume) => volume.name);
    expect(new Set(container(name).volumeMounts.map((mount) => mount.name))).toEqual(new Set(volumes));
  });

  test('is given the time that it takes to close', async () => {
    const config = (await readConfigOf(app))(environment(name));
    const needed = Number(app === 'worker' ? config['drainSeconds'] : config['closeSeconds']);
    expect(pod(name).terminationGracePeriodSeconds).toBeGreaterThan(needed + (app === 'scheduler' ? 0 : 5));
  });
});

test('the api is asked where it answers', async () => {
  const { port } = (await readConfigOf('api'))(environment('api'));
  const { livenessProbe, readinessProbe } = container('api');
  const health = read('apps/api/src/routes/health.ts');
  for (const probe of [livenessProbe, readinessProbe]) expect(health).toContain(`'${probe?.httpGet.path}'`);
  expect(container('api')).toMatchObject({ ports: [{ name: 'http', containerPort: port }] });
  for (const name of ['worker', 'worker-gpu'])
    expect(environment(name)['TRAWL_API_URL']).toBe(`http://api:${String(port)}`);
});

test('two api keep their artifacts where both find them', async () => {
  expect((await readConfigOf('api'))(environment('api'))).toMatchObject({ artifacts: { url: 's3://bucket/prefix' } });
});

test('the documentation names every key of the secret', () => {
  const text = read('docs/operations.md');
  const literals = [...text.matchAll(/--from-literal=([A-Z_0-9]+)=/g)].map(([, name]) => name);
  expect(new Set(literals)).toEqual(new Set(Object.keys(SECRETS)));
});
