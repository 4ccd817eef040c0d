import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import * as deployment from '../support/deployment.js';
import { APPS, type App, imageEnvironment, interpolate, lineage, read, root } from '../support/deployment.js';
import { type Service, stages } from '../support/deployment.js';

/* Starts no container: what can be known by reading is compared with what it speaks of. */

const { services, volumes } = deployment.readCompose(read('docker-compose.yml'));
const service = (name: string): Service => services[name]!;
const configs = Object.fromEntries(
  await Promise.all(APPS.map(async (app) => [app, await deployment.readConfigOf(app)] as const)),
);

/** Services that run an app. */
const ROLES: [string, App][] = [
  ['api', 'api'],
  ['scheduler', 'scheduler'],
  ['worker', 'worker'],
  ['worker-gpu', 'worker'],
];
const WORKERS = ['worker', 'worker-gpu'];
const BUILT = ['migrate', ...ROLES.map(([name]) => name)];
const NAMES = Object.keys(services);
/** Variables of a config that a container is not given: those for tests. */
const NOT_IN_CONTAINERS = ['TRAWL_TRAINER_LOG', 'TRAWL_TRAINER_MODULE', 'TRAWL_UNSAFE', 'TRAWL_LEASE_SECONDS'];
const ENV = { POSTGRES_PASSWORD: 'secret' };

/** As the container has it, with nothing but a password in .env. */
function environment({ build, environment: own }: Service): Record<string, string> {
  const given = Object.entries(own).flatMap(([name, value]) =>
    value === null ? [] : [[name, interpolate(value, ENV).value]],
  );
  return { ...imageEnvironment(build!.target), ...Object.fromEntries(given) };
}
const configOf = (name: string, app: App) => configs[app]!(environment(service(name)));
const mounts = (name: string) => service(name).volumes.map((volume) => volume.split(':')[1]!);

test('images are pinned or built here', () => {
  const foreign = NAMES.filter((name) => !BUILT.includes(name));
  expect(foreign.map((name) => service(name).image)).toEqual([
    expect.stringMatching(/^postgres:18\.\d+-[a-z]+$/),
    expect.stringMatching(/^redis:([7-9]|\d\d)\.\d+\.\d+-[a-z]+$/),
  ]);
  expect(foreign.filter((name) => service(name).build !== undefined)).toEqual([]);
});

test.each(BUILT)('%s is built from a stage that ends in an image, and runs a file that it has', (name) => {
  const { build, command } = service(name);
  expect(build).toMatchObject({ context: '.', dockerfile: 'docker/Dockerfile' });
  expect(['server', 'worker']).toContain(build!.target);
  const file = /\bnode (\S+)/.exec(command.join(' '))?.[1] ?? '';
  expect(existsSync(path.join(root, file.replace(/dist\/(\w+)\.js$/, 'src/$1.ts')))).toBe(true);
  const copied = lineage(stages, build!.target).flatMap(({ words }) => words);
  expect(copied.filter((word) => word.startsWith('/built/') && `/built/${file}`.startsWith(`${word}/`))).toHaveLength(
    1,
  );
});

describe.each(ROLES)('%s', (name, app) => {
  test('has the variables of its config, and no others', async () => {
    const given = Object.keys(service(name).environment);
    const fromImage = Object.keys(imageEnvironment(service(name).build!.target));
    const known = await deployment.variablesOf(app);
    expect(given.filter((each) => !known.includes(each))).toEqual([]);
    const missing = known.filter((each) => ![...given, ...fromImage, ...NOT_IN_CONTAINERS].includes(each));
    // A worker for CPUs has no devices to choose from.
    expect(missing).toEqual(name === 'worker' ? ['TRAWL_DEVICES'] : []);
  });

  test('its config takes what it is given', () => {
    const config = configOf(name, app);
    expect(config).toMatchObject({
      databaseUrl: 'postgres://trawl:secret@postgres:5432/trawl',
      queueUrl: 'redis://redis:6379',
    });
    const roots = z.array(z.string()).default([]).parse(config['dataRoots']);
    expect(mounts(name)).toEqual(expect.arrayContaining(roots));
  });

  test('waits for what it needs', () => {
    const healthy = { condition: 'service_healthy' };
    const needed = { postgres: healthy, redis: healthy, migrate: { condition: 'service_completed_successfully' } };
    expect(service(name).depends_on).toEqual(app === 'worker' ? { ...needed, api: healthy } : needed);
  });
});

test('migrations wait for Postgres, and whoever is waited for says how it is', () => {
  expect(service('migrate').depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  expect(() => interpolate(service('postgres').environment['POSTGRES_PASSWORD']!, {})).toThrow('.env');
  const checked = NAMES.filter((name) => service(name).healthcheck?.test[0] === 'CMD');
  expect(checked).toEqual(['postgres', 'redis', 'api']);
});

test('the api is reached where it listens, and alone from outside', () => {
  const { host, port } = configOf('api', 'api');
  expect(host).toBe('0.0.0.0');
  expect(service('api').ports.map((each) => interpolate(each, ENV).value)).toEqual([`127.0.0.1:7070:${String(port)}`]);
  const url = /http:[^']+/.exec(service('api').healthcheck!.test.at(-1)!)?.[0];
  expect(url).toBe(`http://127.0.0.1:${String(port)}/readyz`);
  expect(read('apps/api/src/routes/health.ts')).toContain("'/readyz'");
  for (const name of WORKERS) expect(configOf(name, 'worker')['apiUrl']).toBe(`http://api:${String(port)}`);
  expect(NAMES.filter((name) => service(name).ports.length > 0)).toEqual(['api']);
});

test('Postgres, Redis and the api keep what they have', () => {
  // The image of Postgres 18 moved the data: a volume on its folder `data` would stay empty.
  expect(service('postgres').volumes).toEqual(['postgres:/var/lib/postgresql']);
  expect(service('redis').command.join(' ')).toBe('redis-server --maxmemory-policy noeviction --appendonly yes');
  expect(service('redis').volumes).toEqual(['redis:/data']);
  expect(mounts('api')).toContain(configOf('api', 'api')['dataDir']);
  const named = Object.values(services).flatMap((each) => each.volumes.map((volume) => volume.split(':')[0]!));
  expect(new Set(named.filter((name) => !name.startsWith('.')))).toEqual(new Set(Object.keys(volumes)));
});

const grace = (name: string) => deployment.seconds(service(name).stop_grace_period);
const numberIn = (file: string, pattern: RegExp) => Number(pattern.exec(read(file))![1]!.replaceAll('_', ''));

test('every role is given the time that it takes to close', () => {
  const afterDrain = numberIn('apps/worker/src/main.ts', /CLOSE_SECONDS = (\d+)/);
  for (const name of WORKERS)
    expect(grace(name)).toBeGreaterThan(Number(configOf(name, 'worker')['drainSeconds']) + afterDrain);
  for (const role of ['api', 'scheduler'] as const)
    expect(grace(role)).toBeGreaterThan(Number(configOf(role, role)['closeSeconds']));
});

test('what dies comes back; what is done does not', () => {
  expect(NAMES.filter((name) => service(name).restart !== 'unless-stopped')).toEqual(['migrate']);
  expect(service('migrate').restart).toBe('no');
});

test('workers can be scaled, and only those for GPUs ask for them', () => {
  expect(NAMES.filter((name) => service(name)['container_name'] !== undefined)).toEqual([]);
  expect(NAMES.filter((name) => service(name).profiles.length > 0)).toEqual(['worker-gpu']);
  // A volume would be shared by all of a service's containers.
  for (const name of WORKERS) expect(mounts(name)).not.toContain(configOf(name, 'worker')['dataDir']);
  const gpu = service('worker-gpu');
  expect(gpu).toMatchObject({ profiles: ['gpu'], build: { args: { NATIVE: 'gpu' } } });
  const devices = [expect.objectContaining({ driver: 'nvidia', capabilities: ['gpu'] })];
  expect(gpu['deploy']).toEqual({ resources: { reservations: { devices } } });
  expect(NAMES.filter((name) => service(name)['deploy'] !== undefined)).toEqual(['worker-gpu']);
});

test('docs/operations.md names every service and every variable that it sets', () => {
  const text = read('docs/operations.md');
  const named = Object.entries(services).flatMap(([name, { environment: own }]) => [name, ...Object.keys(own)]);
  expect(named.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
