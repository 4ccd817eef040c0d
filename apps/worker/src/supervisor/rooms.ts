/*
 * Which slot a run gets. A slot is a place for one trainer on one device; slots of a device run side by side while
 * the shares that their runs ask for fit on it.
 */

export interface Place {
  slot: number;
  /** Free slots of the device whose idle processes must go first: what they still hold would not fit beside. */
  clear: number[];
}

export interface Rooms {
  /** Takes a slot on a device with room for the share, that with the most; null when none has it now. */
  take(share: number, prefer: (free: readonly number[]) => number): Place | null;
  give(slot: number): void;
  /** Some slot is free, but no device has any room. */
  readonly full: boolean;
}

interface Slot {
  device: number;
  /** Of its run, or of the run that it had last: what an idle process may still hold. */
  share: number;
  taken: boolean;
}

/** Shares are given in decimal: three thirds are one. */
const SLACK = 1e-6;

/** @param deviceOf the device of each slot */
export function openRooms(deviceOf: readonly number[]): Rooms {
  const slots: Slot[] = deviceOf.map((device) => ({ device, share: 0, taken: false }));
  const on = (device: number): Slot[] => slots.filter((slot) => slot.device === device);
  const load = (device: number): number => on(device).reduce((sum, { taken, share }) => sum + (taken ? share : 0), 0);
  const free = (): number[] => slots.flatMap(({ taken }, i) => (taken ? [] : [i]));
  const loadOf = (slot: number): number => load(slots[slot]?.device ?? 0);

  return {
    take(share, prefer) {
      const fitting = free().filter((slot) => loadOf(slot) + share <= 1 + SLACK);
      if (fitting.length === 0) return null;
      const least = Math.min(...fitting.map(loadOf));
      const slot = prefer(fitting.filter((each) => loadOf(each) <= least + SLACK));
      const taken = slots[slot];
      if (taken === undefined) throw new Error(`there is no slot ${slot}`);
      taken.taken = true;
      taken.share = share;
      const held = on(taken.device).reduce((sum, each) => sum + each.share, 0);
      if (held <= 1 + SLACK) return { slot, clear: [] };
      const clear = free().filter((each) => slots[each]?.device === taken.device);
      for (const each of on(taken.device)) if (!each.taken) each.share = 0;
      return { slot, clear };
    },
    give(slot) {
      const given = slots[slot];
      if (given !== undefined) given.taken = false;
    },
    get full() {
      const open = free();
      return open.length > 0 && open.every((slot) => loadOf(slot) >= 1 - SLACK);
    },
  };
}
