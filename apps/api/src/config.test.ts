import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

const DATABASE_URL = 'postgres://user@host/db';

describe('readConfig', () => {
  it('fills in defaults', () => {
    expect(readConfig({ DATABASE_URL })).toMatchObject({
      queueUrl: DATABASE_URL,
      host: '127.0.0.1',
      port: 7070,
      dataRoots: [resolve('data')],
      limits: { spec: 10_000_000, artifact: 4_096_000_000 },
    });
  });

  it('takes several roots, Redis and other limits', () => {
    const config = readConfig({
      DATABASE_URL,
      REDIS_URL: 'redis://host',
      TRAWL_DATA_ROOTS: '/a:/b:',
      TRAWL_SPEC_LIMIT_MEGABYTES: '0.5',
    });
    expect(config).toMatchObject({ queueUrl: 'redis://host', dataRoots: ['/a', '/b'], limits: { spec: 500_000 } });
  });

  it.each([
    ['127.0.0.1', false],
    ['127.8.0.1', false],
    ['::1', false],
    ['localhost', false],
    ['0.0.0.0', true],
    ['::', true],
    ['192.168.1.4', true],
    ['head.lab', true],
  ])('asks for keys by itself on %s: %s', (TRAWL_HOST, keysRequired) => {
    expect(readConfig({ DATABASE_URL, TRAWL_HOST })).toMatchObject({ keysRequired });
    expect(readConfig({ DATABASE_URL, TRAWL_HOST, TRAWL_AUTH: 'on' })).toMatchObject({ keysRequired: true });
    expect(readConfig({ DATABASE_URL, TRAWL_HOST, TRAWL_AUTH: 'off' })).toMatchObject({ keysRequired: false });
  });

  it('names everything that is wrong', () => {
    const env = { DATABASE_URL: 'mysql://x', TRAWL_PORT: '70000', TRAWL_LOG_LEVEL: 'loud' };
    expect(() => readConfig(env)).toThrow(/DATABASE_URL[^]*TRAWL_PORT[^]*TRAWL_LOG_LEVEL/);
  });
});
