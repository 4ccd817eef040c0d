import { describe, expect, it } from 'vitest';
import { hasRedis } from '../support/redis.js';
import { play, type Played } from './play.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';
import type { QueueKind } from './site.js';

/*
 * The short form of `npm run chaos`: what hits hardest, each on one of the queues. And each protection off in turn,
 * where the scenario that it is for must end badly: a suite that cannot fail shows nothing.
 */

const SHORT: [scenario: string, queue: QueueKind][] = [
  ['trainer-kill', 'redis'],
  ['trainer-junk', 'postgres'],
  ['worker-kill', 'redis'],
  ['worker-term', 'postgres'],
  ['worker-frozen', 'redis'],
  ['worker-blocked', 'postgres'],
  ['scheduler-kill', 'redis'],
  ['api-kill', 'postgres'],
  ['postgres-restart', 'postgres'],
  ['redis-kill', 'redis'],
  ['redis-flush', 'redis'],
  ['disk-full', 'postgres'],
];

function named(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (!found) throw new Error(`no scenario ${name} here`);
  return found;
}

const playable = ([name, queue]: readonly [string, QueueKind, ...unknown[]]): boolean =>
  (queue === 'postgres' || hasRedis) && SCENARIOS.some((scenario) => scenario.name === name);

describe.concurrent('nothing is lost, doubled or left over after', () => {
  it.for(SHORT.filter(playable))('%s, queue in %s', async ([name, queue]) => {
    expect((await play(named(name), { queue, seed: 1, endMs: 120_000 })).violations).toEqual([]);
  });
});

const broken = ({ violations }: Played): string => violations.join('\n');
/** Longer than a lease and an attempt after it. */
const END_MS = 30_000;

describe.concurrent('each protection is needed:', () => {
  it('without the reaper the runs of a killed worker run for ever', async () => {
    const played = await play(named('worker-kill'), { queue: 'postgres', seed: 1, unsafe: 'noReaper', endMs: END_MS });
    expect(broken(played)).toMatch(/is running[^]*running without a lease/);
  });

  it('the fence alone holds off a worker that believes in its lease for ever', async () => {
    const played = await play(named('worker-frozen'), {
      queue: 'postgres',
      seed: 1,
      unsafe: 'noLease',
      endMs: 120_000,
    });
    expect(played.violations).toEqual([]);
  });

  it('without it that worker writes over the next attempt', async () => {
    const unsafe = 'noLease,noFence';
    const played = await play(named('worker-frozen'), { queue: 'postgres', seed: 1, unsafe, endMs: END_MS });
    expect(broken(played)).toMatch(/was written by fences|succeeded by/);
  });

  it('without compare-and-set a job that comes twice is trained twice', async () => {
    const played = await play(named('job-twice'), { queue: 'postgres', seed: 1, unsafe: 'noCas', endMs: END_MS });
    expect(broken(played)).not.toBe('');
  });
});
