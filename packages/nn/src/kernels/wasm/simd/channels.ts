import type { Code, Local, Names } from './assembler.js';
import { advance, choose, int, load, loadOne, quotient, remainder, repeat, store, storeOne } from './assembler.js';

/*
 * Loops over pixels [..., c] that keep numbers of each channel in registers: for eight channels at a time, and one at
 * a time for those that are left.
 */

const FLOAT = 4;
const VECTOR = 16;
const CHANNELS = 8;

/** Channels of one register: how they are read and written at the address of a pixel. */
export interface Part {
  load: (address: Code) => Code;
  store: (address: Code, value: Code) => Code;
}

const EIGHT: readonly Part[] = [0, VECTOR].map((offset) => ({
  load: (address) => load(address, offset),
  store: (address, value) => store(address, value, offset),
}));
const ONE: readonly Part[] = [{ load: loadOne, store: storeOne }];

/** `body` for all channels, `line` being the bytes of a pixel; each time the `bases` stand at its first channel. */
export function overChannels(
  names: Names,
  line: Local,
  bases: readonly Local[],
  body: (parts: readonly Part[]) => readonly Code[],
): Code[] {
  const left = names.local('i32');
  const pass = (count: Code, parts: readonly Part[], channels: number): Code[] => [
    left.set(count),
    choose(
      left.get,
      [repeat(left, [...body(parts), ...bases.map((base) => advance(base, int(channels * FLOAT)))])],
      [],
    ),
  ];
  const eight = int(CHANNELS * FLOAT);
  return [
    ...pass(quotient(line.get, eight), EIGHT, CHANNELS),
    ...pass(quotient(remainder(line.get, eight), int(FLOAT)), ONE, 1),
  ];
}

/** `body` so many times, by a counter of its own. */
export function again(names: Names, count: Local, body: readonly Code[]): Code[] {
  const left = names.local('i32');
  return [left.set(count.get), repeat(left, body)];
}
