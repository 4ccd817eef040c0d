import { expect, it } from 'vitest';
import { openRooms } from './rooms.js';

const first = (free: readonly number[]): number => free[0] ?? -1;

it('gives each run a device of its own while it asks for a whole one', () => {
  const rooms = openRooms([0, 1, 0, 1]);
  expect([rooms.take(1, first)?.slot, rooms.take(1, first)?.slot]).toEqual([0, 1]);
  expect(rooms.full).toBe(true);
  expect(rooms.take(0.1, first)).toBeNull();
  rooms.give(1);
  expect(rooms.full).toBe(false);
  expect(rooms.take(1, first)?.slot).toBe(1);
});

it('packs small runs onto the emptiest device, as far as slots and shares go', () => {
  const rooms = openRooms([0, 1, 0, 1, 0, 1]);
  const taken = [0.5, 0.3, 0.3, 0.3].map((share) => rooms.take(share, first)?.slot);
  expect(taken).toEqual([0, 1, 3, 2]);
  // 0.8 and 0.6 are in use.
  expect(rooms.take(0.5, first)).toBeNull();
  expect(rooms.take(1 / 3, first)?.slot).toBe(5);
  expect(openRooms([0, 0, 0]).take(1, (free) => free[2] ?? -1)?.slot).toBe(2);
});

it('fits three thirds on a device', () => {
  const rooms = openRooms([0, 0, 0, 0]);
  for (let n = 0; n < 3; n += 1) expect(rooms.take(1 / 3, first)).not.toBeNull();
  expect(rooms.full).toBe(true);
});

it('is never full when it only lacks slots: nobody takes more jobs than there are', () => {
  const rooms = openRooms([0, 1]);
  rooms.take(1, first);
  rooms.take(1, first);
  expect(rooms.full).toBe(false);
});

it('says which idle processes must go because what they hold would not fit beside a run', () => {
  const rooms = openRooms([0, 0, 1, 1]);
  for (const share of [0.5, 0.5]) rooms.take(share, (free) => free.find((slot) => slot < 2) ?? first(free));
  rooms.take(0.5, first);
  rooms.take(0.5, first);
  for (const slot of [0, 1, 2, 3]) rooms.give(slot);
  expect(rooms.take(0.5, () => 0)).toEqual({ slot: 0, clear: [] });
  expect(rooms.take(1, () => 2)).toEqual({ slot: 2, clear: [3] });
  // It is gone: it need not go again.
  rooms.give(2);
  expect(rooms.take(1, () => 2)).toEqual({ slot: 2, clear: [] });
});
