import type { Site } from './site.js';

type Closable = Pick<Site, 'close'>;

/** The sites of one process: for whoever must end before their owners are done with them. */
export interface Sites {
  /** Opens one that `closeAll` closes too, unless its owner was faster. @throws Error after `closeAll` */
  open<S extends Closable>(make: () => Promise<S>): Promise<S>;
  /** Closes all that are open, those too that are about to be. */
  closeAll(): Promise<void>;
  readonly closed: boolean;
}

export function createSites(): Sites {
  const open = new Set<Promise<Closable>>();
  let closed = false;
  return {
    get closed() {
      return closed;
    },
    async open(make) {
      if (closed) throw new Error('interrupted');
      const making = make();
      open.add(making);
      try {
        const site = await making;
        const close = site.close.bind(site);
        let closing: Promise<number[]> | undefined;
        site.close = () => (closing ??= close().finally(() => open.delete(making)));
        return site;
      } catch (error) {
        open.delete(making);
        throw error;
      }
    },
    async closeAll() {
      closed = true;
      await Promise.allSettled([...open].map(async (making) => (await making).close()));
    },
  };
}

export const sites = createSites();

/** SIGINT and SIGTERM end the process, and before it whatever its sites have started. */
export function closeSitesOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void sites.closeAll().then(() => process.exit(130)));
  }
}
