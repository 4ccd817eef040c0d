import type { Scenario } from '../scenario.js';

const nothing = async (): Promise<void> => {};

/** A trainer does what it should not. */
export const trainers: Scenario[] = [
  {
    name: 'trainer-leaks',
    what: 'trainers that leave tensors and memory behind',
    mostFailures: 0,
    stub: { mode: 'leak', ms_per_step: 5 },
    play: nothing,
  },
  {
    name: 'trainer-hangs',
    what: 'trainers that stop doing anything in mid-run, once',
    mostFailures: 1,
    cells: 3,
    stub: { mode: 'hang', at_step: 11, once: true },
    execution: { stallMinutes: 0.1 },
    play: nothing,
  },
  {
    name: 'trainer-spins',
    what: 'trainers whose event loop stands still in mid-run, once',
    mostFailures: 1,
    cells: 2,
    stub: { mode: 'spin', at_step: 11, once: true },
    execution: { stallMinutes: 0.1 },
    play: nothing,
  },
  {
    name: 'trainer-garbage',
    what: 'trainers that print garbage',
    mostFailures: 0,
    stub: { mode: 'garbage', ms_per_step: 20 },
    play: nothing,
  },
  {
    name: 'trainer-junk',
    what: 'trainers that send what is no message, once',
    mostFailures: 1,
    stub: { mode: 'junk', at_step: 11, once: true, ms_per_step: 20 },
    play: nothing,
  },
  {
    name: 'trainer-exits',
    what: 'trainers that exit with 0 and no result, once',
    mostFailures: 1,
    stub: { mode: 'exit', at_step: 11, once: true, ms_per_step: 20 },
    play: nothing,
  },
];
