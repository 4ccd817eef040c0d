import type { Logger } from 'pino';

/** Does work that needs a server; rethrows, and logs once when the server goes and once when it is back. */
export type Guard = (work: () => Promise<void>) => Promise<void>;

export function createGuard(log: Logger, what: string, onFailure: () => void = () => {}): Guard {
  let away = false;
  return async (work) => {
    try {
      await work();
    } catch (error) {
      if (!away) log.error({ err: error }, `${what} failed; trying until it answers`);
      away = true;
      onFailure();
      throw error;
    }
    if (away) log.info(`${what} answers again`);
    away = false;
  };
}
