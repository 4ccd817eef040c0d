import type { CreatedKey, KeyView, NewKeyBody } from '@trawl/spec';
import { found, ProblemError } from '../problems.js';
import type { Caller } from './caller.js';
import type { Services } from './services.js';

const DAY_MS = 86_400_000;

/** A new key; one made by a key of a project is of that project. */
export async function createKey(wanted: NewKeyBody, caller: Caller, { store }: Services): Promise<CreatedKey> {
  const { name, scope, project = caller.project, expiresDays } = wanted;
  if (caller.project !== null && project !== caller.project) {
    const allowed = `${caller.project}, or absent`;
    throw new ProblemError('forbidden', `project: ${caller.name} is a key of another project; allowed: ${allowed}`, [
      { path: 'project', message: 'not the project of the key', given: project, allowed },
    ]);
  }
  const expiresAt = expiresDays === undefined ? null : new Date(Date.now() + expiresDays * DAY_MS);
  const { key, token } = await store.keys.create({ name, scope, project, expiresAt });
  return { ...key, key: token };
}

export async function revokeKey(id: string, caller: Caller, { store }: Services): Promise<KeyView> {
  return found(await store.keys.revoke(id, caller.project), 'key', id);
}
