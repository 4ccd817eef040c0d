import type { Client } from '@trawl/client';
import type { SweepView } from '@trawl/spec';
import { UsageError } from './context.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The sweep that a user means: a whole id, the start or end of one, a name (its newest sweep), or `latest`.
 * Ids begin with a time, so their ends tell them apart better.
 * @throws UsageError where none or several fit.
 */
export async function resolveSweep(client: Client, given: string): Promise<string> {
  if (UUID.test(given)) return given;
  const fits: SweepView[] = [];
  for await (const sweep of client.sweeps.list()) {
    // Newest first: the first by name or `latest` is the one.
    if (given === 'latest' || sweep.name === given) return sweep.id;
    if (given.length >= 4 && (sweep.id.startsWith(given) || sweep.id.endsWith(given))) fits.push(sweep);
  }
  const [one, other] = fits;
  if (one !== undefined && other === undefined) return one.id;
  if (one === undefined)
    throw new UsageError(`no sweep "${given}": give an id, a part of one, a name, or latest (trawl ls)`);
  throw new UsageError(`"${given}" fits ${fits.length} sweeps: ${fits.map((sweep) => sweep.id).join(', ')}`);
}
