import { expect, it } from 'vitest';
import { readConfig } from './config.js';

const DATABASE_URL = 'postgres://localhost/trawl';
const KEY = `trawl_${'0'.repeat(32)}_${'0'.repeat(43)}`;

it('has defaults for everything but the database', () => {
  const config = readConfig({ DATABASE_URL });
  expect(config).toMatchObject({
    queueUrl: DATABASE_URL,
    apiUrl: 'http://127.0.0.1:7070',
    capability: 'auto',
    drainSeconds: 20,
  });
  expect(config.unsafe).toEqual({ noFence: false, noCas: false, noLease: false });
});

it('names what is missing or illegal', () => {
  expect(() => readConfig({ DATABASE_URL: 'mysql://x', TRAWL_SLOTS: '0' })).toThrow(/postgres:\/\/[^]*TRAWL_SLOTS/);
});

it('keeps secrets from trainers', () => {
  const config = readConfig({ DATABASE_URL, REDIS_URL: 'redis://:secret@localhost', TRAWL_API_KEY: KEY, PATH: '/bin' });
  expect(config).toMatchObject({ queueUrl: 'redis://:secret@localhost', apiKey: KEY });
  expect(config.trainerEnv).toEqual({ PATH: '/bin' });
});
