import { expect, it } from 'vitest';
import { overdue, type Watched } from './watchdog.js';

const fine: Watched = {
  startedAt: 0,
  ready: true,
  steppedAt: 90,
  stopBy: null,
  resultAt: null,
  stallSeconds: 60,
  timeoutSeconds: 300,
};

it.each([
  ['nothing', fine, 100, null],
  ['no step for too long', fine, 151, 'stall'],
  ['a slow start', { ...fine, ready: false, steppedAt: 0 }, 119, null],
  ['no start', { ...fine, ready: false, steppedAt: 0 }, 121, 'start'],
  ['a start that may be slower still', { ...fine, ready: false, stallSeconds: 200 }, 121, null],
  ['too long altogether', { ...fine, steppedAt: 300 }, 301, 'timeout'],
  ['no limit', { ...fine, steppedAt: 9_990, timeoutSeconds: null }, 10_000, null],
  ['asked to stop, still in time', { ...fine, stopBy: 400 }, 399, null],
  ['asked to stop and did not', { ...fine, stopBy: 400 }, 401, 'stop'],
  ['result given, about to exit', { ...fine, resultAt: 100, stopBy: 101 }, 104, null],
  ['result given, does not exit', { ...fine, resultAt: 100 }, 106, 'exit'],
] as const)('%s', (_what, watched, now, expected) => {
  expect(overdue(watched, now)).toBe(expected);
});
