import type { FromTrainer } from '@trawl/spec';

export interface Phases {
  /** The phase before ends. @param at milliseconds since 1970, now where absent */
  next(name: string, at?: number): void;
  end(): void;
}

export const wallClock = (): number => performance.timeOrigin + performance.now();

/** Tells the supervisor what this run goes through, where somebody records it. */
export function openPhases(traceparent: string | null, post: (message: FromTrainer) => void): Phases {
  let open: { name: string; startedAt: number } | null = null;
  const end = (at = wallClock()): void => {
    if (open !== null && traceparent !== null) post({ type: 'span', traceparent, ...open, endedAt: at });
    open = null;
  };
  return {
    next(name, at = wallClock()) {
      end(at);
      open = { name, startedAt: at };
    },
    end,
  };
}
