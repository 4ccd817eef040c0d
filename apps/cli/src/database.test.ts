import { expect, it } from 'vitest';
import { onDatabase } from './database.js';

const failing = (code: string | undefined, message: string) =>
  onDatabase('postgres://ada:secret@head:5432/trawl', () =>
    Promise.reject(Object.assign(new Error(message), code === undefined ? {} : { code })),
  );

it.each([
  ['ECONNREFUSED', '', /^the database trawl at head:5432 does not answer: ECONNREFUSED; start Postgres/],
  [undefined, 'timeout exceeded when trying to connect', /does not answer: timeout .* correct DATABASE_URL$/],
  ['28P01', 'password authentication failed', /lets nobody in: password authentication failed; correct DATABASE_URL$/],
])('says of %s %s in one line what to do', async (code, message, expected) => {
  await expect(failing(code, message)).rejects.toThrow(expected);
  await expect(failing(code, message)).rejects.not.toThrow(/secret/);
});

it('leaves alone what is no matter of the connection', async () => {
  await expect(failing('23505', 'duplicate key')).rejects.toThrow(/^duplicate key$/);
  await expect(failing(undefined, 'archive is damaged')).rejects.toThrow(/^archive is damaged$/);
});
