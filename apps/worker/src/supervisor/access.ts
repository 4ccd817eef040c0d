import { allows, SelfView } from '@trawl/spec';
import { CannotStart } from '../cannotStart.js';
import type { Api } from './transfer.js';

const PATIENCE_MS = 10_000;
const REMEDY =
  'make one with `trawl key create --name NAME --scope submit` and give it to this worker as TRAWL_API_KEY or TRAWL_API_KEY_FILE';

/**
 * Asks the api whether it will take this worker's files: it should not train for hours to learn that it will not.
 * An api that does not answer now may when there is something to send.
 * @throws CannotStart with the remedy
 */
export async function requireAccess({ url, key }: Api): Promise<void> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  // A timer that holds the process: fetch of Node 20 never settles where the other side closes without a word, and a
  // process with nothing else to wait for would end.
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(), PATIENCE_MS);
  const answer = await fetch(`${url}/v1/keys/self`, { headers, signal: tooLate.signal }).catch(() => null);
  const text = (await answer?.text().catch(() => '')) ?? '';
  clearTimeout(timer);
  if (answer?.status === 401) {
    const why = key === undefined ? 'asks for an API key' : 'does not take the API key that this worker has';
    throw new CannotStart(`the api at ${url} ${why}: ${REMEDY}`);
  }
  const self = answer?.ok ? SelfView.safeParse(parsed(text)).data : undefined;
  if (self === undefined) return;
  const lacks = allows(self.scope, 'submit') ? null : `has scope ${self.scope}, and sending files needs submit`;
  const wrong = self.project === null ? lacks : 'is of one project, and a worker trains for all';
  if (wrong !== null) throw new CannotStart(`API key ${self.name} ${wrong}: ${REMEDY}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
