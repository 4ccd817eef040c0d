import { expect, it } from 'vitest';
import { batchChange, EMPTY_BATCH, stateChange, together } from './stateChange.js';

const said = (state: string, more: Record<string, unknown> = {}, from?: string | null) =>
  stateChange({ sweepId: 's', type: 'run', data: { runId: 'r', state, ...more }, from });

it('names the attempt that a change of its run began or ended, and where alone it can have come from', () => {
  expect(said('running', { fence: 3 })).toMatchObject({ what: 'run', runId: 'r', attempt: 3, from: 'queued' });
  expect(said('succeeded', { fence: 4 })).toMatchObject({ attempt: 3, from: 'running', to: 'succeeded' });
  expect(said('queued', { fence: 4, failureClass: 'crashed' })).toMatchObject({
    attempt: 3,
    from: 'running',
    failureClass: 'crashed',
  });
  expect(said('queued', { fence: 5 }, 'failed')).toEqual({
    what: 'run',
    sweepId: 's',
    runId: 'r',
    from: 'failed',
    to: 'queued',
  });
});

it('says nothing of what changes no state', () => {
  expect(said('queued', { fence: 4, paused: true })).toBeNull();
});

it('tells of many runs at once between which ids they lie, and of none nothing', () => {
  const of = { sweepId: 's', stageId: 't', from: null, to: 'queued' };
  const all = [EMPTY_BATCH, { runs: 2, first: 'c', last: 'd' }, { runs: 1, first: 'a', last: 'a' }].reduce(together);
  expect(batchChange(of, all)).toEqual({ what: 'runs', ...of, runs: 3, first: 'a', last: 'd' });
  expect(batchChange(of, EMPTY_BATCH)).toBeNull();
});
