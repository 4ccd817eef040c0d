import { refitPlan } from '@trawl/search';
import type { RefitBody } from '@trawl/spec';
import { askedBefore } from './askedBefore.js';
import type { Services } from './services.js';
import { requireInstalled, searchesOf, stagesOf } from './stages.js';
import { illegal, sweepDetail } from './sweeps.js';

/**
 * Appends a stage that runs the best cells of the last search again with seeds not used before. Whether the key named
 * this very refit before.
 */
export async function refit(
  id: string,
  wanted: RefitBody,
  idempotencyKey: string | undefined,
  services: Services,
): Promise<{ replayed: boolean }> {
  const body = { refit: wanted };
  if (await askedBefore(idempotencyKey, id, body, services)) return { replayed: true };
  const stages = await stagesOf(id, services);
  const search = searchesOf(stages).at(-1);
  if (!search) throw new Error('a sweep without a search');
  requireInstalled(`stage ${search.name}`, search.plan, services);
  const name = freeName(stages.map((each) => each.name));
  const plan = refitPlan(search.plan, wanted, name, stages.length);
  const added = await services.store.stages.addRefit(id, plan, { body, idempotencyKey }).catch(nameTaken);
  // Another refit, or this one, came between the look and the write: look again.
  if (added === NAME_TAKEN || added === 'key-known') return refit(id, wanted, idempotencyKey, services);
  if (added === null) throw illegal((await sweepDetail(id, services)).state, 'be refitted');
  return { replayed: false };
}

const NAME_TAKEN = Symbol('name taken');
const UNIQUE_VIOLATION = '23505';

function nameTaken(error: unknown): typeof NAME_TAKEN {
  if (error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION) return NAME_TAKEN;
  throw error;
}

/** refit, refit-2, refit-3, ... */
function freeName(taken: readonly string[]): string {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? 'refit' : `refit-${n}`;
    if (!taken.includes(name)) return name;
  }
}
