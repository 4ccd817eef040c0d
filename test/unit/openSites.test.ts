import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createSites } from '../chaos/openSites.js';

it('closes sites that are open or about to be, each once, and opens no more', async () => {
  const sites = createSites();
  const closed: string[] = [];
  const site = (name: string) => ({
    close: async (): Promise<number[]> => {
      await turn();
      closed.push(name);
      return [];
    },
  });
  await sites.open(async () => site('of nobody'));
  const done = await sites.open(async () => site('done'));
  await done.close();
  const owned = await sites.open(async () => site('owned'));
  await expect(sites.open(() => Promise.reject(new Error('no room')))).rejects.toThrow('no room');
  const opening = sites.open(async () => {
    await turn();
    return site('opening');
  });
  await Promise.all([sites.closeAll(), owned.close()]);
  await (await opening).close();
  expect(closed.toSorted()).toEqual(['done', 'of nobody', 'opening', 'owned']);
  await expect(sites.open(async () => site('late'))).rejects.toThrow('interrupted');
});
