import { EventEmitter, once } from 'node:events';

/** Wakes one that waits. */
export interface Bell {
  ring: () => void;
  /** Until it rings, at most so long; at once where it has rung since the last wait. */
  wait: (ms: number) => Promise<void>;
}

export function bell(): Bell {
  const heard = new EventEmitter();
  let rung = false;
  return {
    ring() {
      rung = true;
      heard.emit('ring');
    },
    async wait(ms) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), ms);
      if (!rung) await once(heard, 'ring', { signal: late.signal }).catch(() => undefined);
      clearTimeout(timer);
      rung = false;
    },
  };
}
