import { expect, it } from 'vitest';
import { readConfig } from './config.js';

it('queues on Redis where there is one, else on Postgres', () => {
  const databaseUrl = 'postgres://localhost/trawl';
  expect(readConfig({ DATABASE_URL: databaseUrl })).toEqual({
    databaseUrl,
    queueUrl: databaseUrl,
    logLevel: 'info',
    closeSeconds: 10,
    otlpEndpoint: null,
    leaseSeconds: 30,
    noReaper: false,
  });
  const redis = readConfig({ DATABASE_URL: databaseUrl, REDIS_URL: 'rediss://r', TRAWL_LOG_LEVEL: 'debug' });
  expect(redis).toMatchObject({ databaseUrl, queueUrl: 'rediss://r', logLevel: 'debug' });
});

it.each(['DATABASE_URL', 'REDIS_URL', 'TRAWL_LOG_LEVEL'])('says that %s is wrong', (name) => {
  expect(() => readConfig({ REDIS_URL: 'localhost', TRAWL_LOG_LEVEL: 'loud' })).toThrow(name);
});
