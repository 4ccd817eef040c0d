import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { apiKeyShape, readApiKey, readEnvironment } from './index.js';

const KEY = `trawl_${'0a'.repeat(16)}_${'x-_'.repeat(14)}y`;
const folder = mkdtempSync(join(tmpdir(), 'trawl-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (env: Record<string, string>) => readApiKey(readEnvironment(z.object(apiKeyShape), env));
const file = (content: string): string => {
  const path = join(folder, 'key');
  writeFileSync(path, content);
  return path;
};

describe('readEnvironment', () => {
  const schema = z.object({
    PORT: z.coerce.number().int().default(7070),
    URL: z.string().startsWith('postgres://'),
    LEVEL: z.enum(['info', 'debug']).optional(),
  });

  it('takes an empty variable for none', () => {
    expect(readEnvironment(schema, { PORT: '', URL: 'postgres://x', LEVEL: '', OTHER: 'y' })).toEqual({
      PORT: 7070,
      URL: 'postgres://x',
    });
    expect(() => readEnvironment(schema, { URL: '' })).toThrow(/URL/);
  });

  it('names all that is wrong and shows none of it', () => {
    const env = { PORT: 'eighty', URL: 'mysql://u:hunter2@h', LEVEL: 'loud' };
    expect(() => readEnvironment(schema, env)).toThrow(/PORT[^]*URL[^]*LEVEL/);
    expect(() => readEnvironment(schema, env)).not.toThrow(/hunter2|eighty|loud/);
  });
});

describe('the API key', () => {
  it('comes from a variable or a file, and may be absent', () => {
    expect(read({})).toBeUndefined();
    expect(read({ TRAWL_API_KEY: '', TRAWL_API_KEY_FILE: '' })).toBeUndefined();
    expect(read({ TRAWL_API_KEY: ` ${KEY}\n` })).toBe(KEY);
    expect(read({ TRAWL_API_KEY_FILE: file(`${KEY}\n`) })).toBe(KEY);
    expect(read({ TRAWL_API_KEY: KEY, TRAWL_API_KEY_FILE: '/nowhere' })).toBe(KEY);
  });

  it.each([`${KEY}x`, `${KEY}\n${KEY}`, 'hunter2', 'trawl_'])('is refused where it is none, and not shown', (wrong) => {
    expect(() => read({ TRAWL_API_KEY: wrong })).toThrow(/TRAWL_API_KEY/);
    expect(() => read({ TRAWL_API_KEY: wrong })).not.toThrow(/hunter2|0a0a/);
    expect(() => read({ TRAWL_API_KEY_FILE: file(wrong) })).toThrow(/TRAWL_API_KEY_FILE/);
    expect(() => read({ TRAWL_API_KEY_FILE: file(wrong) })).not.toThrow(/hunter2|0a0a/);
  });

  it('says which file cannot be read', () => {
    expect(() => read({ TRAWL_API_KEY_FILE: '/nowhere/key' })).toThrow(/TRAWL_API_KEY_FILE.*\/nowhere\/key/);
  });
});
