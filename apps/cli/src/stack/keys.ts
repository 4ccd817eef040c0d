import { hostname } from 'node:os';
import { openStore } from '@trawl/store';

/** Keys that live as long as a stack: its api may ask for them. */
export interface StackKeys {
  /** For commands on this machine, by way of stack.json, which its owner alone can read. */
  admin: string;
  /** For its worker. */
  worker: string;
  forget(): Promise<void>;
}

/** Their names, of whatever stack. */
export const STACK_KEY = /^(commands|worker) of trawl up on /;

/** Those of a stack that was killed on the same data directory end here. */
export async function makeStackKeys(databaseUrl: string, dataDir: string): Promise<StackKeys> {
  const stack = `trawl up on ${hostname()} in ${dataDir}`;
  const names = { admin: `commands of ${stack}`, worker: `worker of ${stack}` };
  const withKeys = async <T>(work: (keys: Awaited<ReturnType<typeof openStore>>['keys']) => Promise<T>): Promise<T> => {
    const store = await openStore({ databaseUrl, poolSize: 1 });
    try {
      return await work(store.keys);
    } finally {
      await store.close();
    }
  };
  const forget = () =>
    withKeys(async (keys) => {
      for (const name of Object.values(names)) await keys.forget(name);
    });
  await forget();
  return withKeys(async (keys) => {
    const make = async (name: string, scope: 'admin' | 'submit') =>
      (await keys.create({ name, scope, project: null, expiresAt: null })).token;
    return { admin: await make(names.admin, 'admin'), worker: await make(names.worker, 'submit'), forget };
  });
}
