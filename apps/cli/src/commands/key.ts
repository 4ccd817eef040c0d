import { faultsOf, type KeyView, NewKeyBody, SCOPES, type Scope } from '@trawl/spec';
import { openStore } from '@trawl/store';
import type { Command } from 'commander';
import { readStackFile } from '../config.js';
import { type Context, UsageError } from '../context.js';
import { onDatabase } from '../database.js';
import { keyList } from '../render/keys.js';
import { wholeNumber } from './read.js';

/** What the commands below ask, of the api or of the database. */
interface Keys {
  create(wanted: NewKeyBody): Promise<{ id: string; key: string }>;
  list(): Promise<KeyView[]>;
  revoke(id: string): Promise<KeyView>;
}

interface Where {
  database?: true;
}

const DAY_MS = 86_400_000;

/** API keys. `--database` is for the first one, which no key can ask the api for. */
export function keyCommands(program: Command, context: () => Context): void {
  const key = program.command('key').description('API keys: who may call the api, and what each may do');
  const command = (name: string, description: string): Command =>
    key
      .command(name)
      .description(description)
      .option('--database', 'work on the database itself (DATABASE_URL, or that of the running stack), not by the api');

  command('create', 'make a key; it is shown this once')
    .requiredOption('--name <name>', 'whose it is, as events will name it')
    .option('--scope <scope>', `${SCOPES.join(', ')}: each may do what those before it may`, scope, 'submit')
    .option('--project <name>', "sees and makes only this project's sweeps")
    .option('--expires <days>', 'works for so many days', wholeNumber)
    .action(async (wanted: Where & { name: string; scope: Scope; project?: string; expires?: number }) => {
      const ctx = context();
      const { name, project, expires } = wanted;
      const made = await withKeys(ctx, wanted, (keys) =>
        keys.create({
          name,
          scope: wanted.scope,
          ...(project === undefined ? {} : { project }),
          ...(expires === undefined ? {} : { expiresDays: expires }),
        }),
      );
      // The key alone on standard output, for `> key` and $(...).
      ctx.show(made, () => made.key);
      if (!ctx.json) process.stderr.write(`made key ${made.id}; it is not shown again\n`);
    });

  command('list', 'list keys, newest first').action(async (where: Where) => {
    const ctx = context();
    const keys = await withKeys(ctx, where, (all) => all.list());
    ctx.show(keys, () => keyList(keys));
  });

  command('revoke', 'end a key, at once and for good')
    .argument('<id>', 'as trawl key list shows it')
    .action(async (id: string, where: Where) => {
      const ctx = context();
      const revoked = await withKeys(ctx, where, (keys) => keys.revoke(id));
      ctx.show(revoked, () => `revoked ${revoked.name}`);
    });
}

async function withKeys<T>(ctx: Context, { database }: Where, work: (keys: Keys) => Promise<T>): Promise<T> {
  if (database !== true) return work(ctx.client().keys);
  const databaseUrl = ctx.config.databaseUrl ?? readStackFile(ctx.config.dataDir)?.databaseUrl;
  if (databaseUrl === undefined) {
    throw new UsageError(`set DATABASE_URL, or start a stack first (npm start): none runs on ${ctx.config.dataDir}`);
  }
  const store = await onDatabase(databaseUrl, () => openStore({ databaseUrl, poolSize: 1 }));
  try {
    return await work({
      create: async (body) => {
        const { name, scope: wanted, project = null, expiresDays } = checked(body);
        const expiresAt = expiresDays === undefined ? null : new Date(Date.now() + expiresDays * DAY_MS);
        const { key, token } = await store.keys.create({ name, scope: wanted, project, expiresAt });
        return { ...key, key: token };
      },
      list: () => store.keys.list(null),
      revoke: async (id) => {
        const revoked = await store.keys.revoke(id, null);
        if (revoked === null) throw new UsageError(`there is no key ${id} (trawl key list)`);
        return revoked;
      },
    });
  } finally {
    await store.close();
  }
}

/** As the api checks it. */
function checked(body: NewKeyBody): NewKeyBody {
  const parsed = NewKeyBody.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(parsed.error, body, NewKeyBody);
  throw new UsageError(
    faults.map(({ path, message, allowed }) => `${path}: ${message}; allowed: ${allowed}`).join('\n'),
  );
}

function scope(text: string): Scope {
  const found = SCOPES.find((each) => each === text);
  if (found !== undefined) return found;
  throw new UsageError(`--scope "${text}": allowed are ${SCOPES.join(', ')}`);
}
