import { CreatedKey, KeyView, type NewKeyBody, SelfView } from '@trawl/spec';
import { z } from 'zod';
import type { Http } from './http.js';

const keys = ['v1', 'keys'];

/** API keys. All but `self` need a key of scope admin. */
export function keyCalls(http: Http) {
  return {
    /** The answer alone holds the key itself. Not repeated by itself: each call makes a key. */
    create: (body: NewKeyBody): Promise<CreatedKey> =>
      http.json(CreatedKey, {
        method: 'POST',
        path: keys,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    /** Newest first. */
    list: async (): Promise<KeyView[]> =>
      (await http.json(z.object({ items: z.array(KeyView) }), { method: 'GET', path: keys })).items,
    revoke: (id: string): Promise<KeyView> => http.json(KeyView, { method: 'DELETE', path: [...keys, id] }),
    /** The key of this client; a service that asks for none calls everybody `anonymous`. */
    self: (): Promise<SelfView> => http.json(SelfView, { method: 'GET', path: [...keys, 'self'] }),
  };
}
