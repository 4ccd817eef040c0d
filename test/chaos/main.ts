// `npm run chaos -- --repeat N [--scenario NAME] [--queue postgres|redis] [--seed S] [--jobs J]`: plays what can go wrong with
// real processes, and says for each what is broken after it, as a line of JSON; the last line sums up. Exit 1 if anything is.
import { parseArgs } from 'node:util';
import { BadArguments } from '../bench/badArguments.js';
import { hasRedis } from '../support/redis.js';
import { closeSitesOnSignal, sites } from './openSites.js';
import { play, type Played } from './play.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';
import type { QueueKind } from './site.js';

const QUEUES: readonly QueueKind[] = hasRedis ? ['postgres', 'redis'] : ['postgres'];

interface Turn {
  scenario: Scenario;
  queue: QueueKind;
  seed: number;
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new BadArguments(`--${name}`, text, ['1, 2, 3 ...']);
  return number;
}

function named(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (!found)
    throw new BadArguments(
      '--scenario',
      name,
      SCENARIOS.map((scenario) => scenario.name),
    );
  return found;
}

function readArguments(argv: string[]): { turns: Turn[]; jobs: number } {
  const { values } = parseArgs({
    args: argv,
    options: {
      repeat: { type: 'string', default: '1' },
      scenario: { type: 'string', multiple: true },
      queue: { type: 'string' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
    },
  });
  const queues = QUEUES.filter((queue) => values.queue === undefined || queue === values.queue);
  if (queues.length === 0) throw new BadArguments('--queue', values.queue ?? '', QUEUES);
  const seed = whole('seed', values.seed);
  const turns: Turn[] = [];
  for (let n = 0; n < whole('repeat', values.repeat); n += 1) {
    for (const scenario of values.scenario?.map(named) ?? SCENARIOS) {
      for (const queue of queues) {
        if (scenario.queues?.includes(queue) ?? true) turns.push({ scenario, queue, seed: seed + n });
      }
    }
  }
  return { turns, jobs: whole('jobs', values.jobs) };
}

const say = (line: object): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);

async function playAll({ turns, jobs }: { turns: Turn[]; jobs: number }): Promise<Played[]> {
  const waiting = [...turns];
  const all: Played[] = [];
  const work = async (): Promise<void> => {
    for (let turn = waiting.shift(); turn !== undefined && !sites.closed; turn = waiting.shift()) {
      const played = await play(turn.scenario, turn);
      all.push(played);
      say(played);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return all;
}

closeSitesOnSignal();

try {
  const began = performance.now();
  const all = await playAll(readArguments(process.argv.slice(2)));
  const broken = all.filter(({ ok }) => !ok);
  const sum = (what: (played: Played) => number): number => all.reduce((total, played) => total + what(played), 0);
  say({
    played: all.length,
    clean: all.length - broken.length,
    broken: broken.map(({ scenario, queue, seed }) => `${scenario} on ${queue}, seed ${seed}`),
    runs: sum(({ runs }) => runs),
    attempts: sum(({ attempts }) => attempts),
    failures: sum(({ failures }) => failures),
    seconds: Number(((performance.now() - began) / 1000).toFixed(1)),
  });
  process.exitCode = broken.length === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof BadArguments) && !(error instanceof TypeError)) throw error;
  process.stderr.write(`chaos: ${error.message}\n`);
  process.exitCode = 2;
}
