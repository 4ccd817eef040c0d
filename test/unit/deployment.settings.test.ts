import { describe, expect, test } from 'vitest';
import { APPS, interpolate, read, readConfigOf, readSettings, variablesOf } from '../support/deployment.js';

const settings = readSettings(read('.env.example'));
const apps = await Promise.all(
  APPS.map(async (app) => ({ app, readConfig: await readConfigOf(app), variables: await variablesOf(app) })),
);

describe('.env.example', () => {
  /** What Compose itself asks for, beside variables of trawl. */
  const composeOnly = ['POSTGRES_PASSWORD'];

  test('lists every variable of every config, once, and nothing else', () => {
    const all = [...composeOnly, ...new Set(apps.flatMap((each) => each.variables))];
    expect(settings.map(({ name }) => name).sort()).toEqual(all.sort());
    expect(settings.filter(({ comment }) => !/\w{3}/.test(comment))).toEqual([]);
  });

  test('Compose asks for nothing that it does not list', () => {
    const { names } = interpolate(read('docker-compose.yml'), { POSTGRES_PASSWORD: 'x' });
    expect(names.filter((name) => !settings.some((each) => each.name === name))).toEqual([]);
    expect(read('.gitignore').split('\n')).toContain('.env');
  });

  test.each(settings.filter(({ name }) => !composeOnly.includes(name)))(
    '$name: its default, or a legal example',
    ({ name, value, commented, comment }) => {
      expect(commented).toBe(true);
      const base = { DATABASE_URL: 'postgres://x/x' };
      const changed = apps.filter(({ readConfig, variables }) => {
        // Trainers inherit all of it, so that a worker's config always shows it.
        const seen = (env: Record<string, string>) => JSON.stringify({ ...readConfig(env), trainerEnv: null });
        return variables.includes(name) && seen({ ...base, [name]: value }) !== seen(base);
      });
      if (comment.includes('No default.')) return;
      // The command looks for a stack of this machine first.
      expect(changed.map(({ app }) => app)).toEqual(name === 'TRAWL_API_URL' ? ['cli'] : []);
    },
  );
});
