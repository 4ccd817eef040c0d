import { canonicalJson } from '@trawl/spec';
import { ProblemError } from '../problems.js';
import type { Services } from './services.js';

/**
 * Whether this very thing was asked of the sweep before, with the same key.
 * @throws ProblemError where the key belongs to something else
 */
export async function askedBefore(
  key: string | undefined,
  sweepId: string,
  body: unknown,
  { store }: Services,
): Promise<boolean> {
  const before = key === undefined ? null : await store.stages.extensionBy(key);
  if (before === null) return false;
  if (before.sweepId === sweepId && canonicalJson(before.body) === canonicalJson(body)) return true;
  // Which sweep is for nobody to know who may not see it.
  throw new ProblemError('key-reused', 'The key belongs to another extension or refit; take a new key for a new one.');
}
