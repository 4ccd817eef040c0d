import { expect, it } from 'vitest';
import { openGate } from './gate.js';
import { openRooms } from './rooms.js';

const first = (free: readonly number[]): number => free[0] ?? -1;

function gated(deviceOf: number[]) {
  const tap = { open: true, pause: async () => void (tap.open = false), resume: async () => void (tap.open = true) };
  const gate = openGate(
    openRooms(deviceOf),
    () => tap,
    () => expect.unreachable(),
  );
  return { gate, tap };
}

it('takes no further jobs while all devices are full, and puts back one that comes all the same', async () => {
  const { gate, tap } = gated([0, 0]);
  expect(await gate.enter(1, first)).toEqual({ slot: 0, clear: [] });
  expect(tap.open).toBe(false);
  expect(await gate.enter(0.1, first)).toBeNull();
  gate.leave(0);
  expect(tap.open).toBe(true);
});

it('lets one run wait for room, and nothing overtake it', async () => {
  const { gate, tap } = gated([0, 0, 0]);
  await gate.enter(0.4, first);
  await gate.enter(0.4, first);
  const large = gate.enter(1, first);
  expect(tap.open).toBe(false);
  expect(await gate.enter(0.1, first)).toBeNull();
  gate.leave(0);
  expect(await Promise.race([large, Promise.resolve('waits')])).toBe('waits');
  gate.leave(1);
  expect((await large)?.slot).toBe(0);
  expect(tap.open).toBe(false);
  gate.leave(0);
  expect(tap.open).toBe(true);
});

it('lets nobody in when it is closed', async () => {
  const { gate } = gated([0, 0]);
  await gate.enter(0.5, first);
  const large = gate.enter(1, first);
  gate.close();
  expect(await large).toBeNull();
  expect(await gate.enter(0.1, first)).toBeNull();
});
