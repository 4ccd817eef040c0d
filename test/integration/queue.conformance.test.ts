import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openQueue, type QueueOptions, type RunJob, type RunQueue } from '@trawl/queue';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshDatabase } from '../support/database.js';
import { startProxy } from '../support/proxy.js';
import { hasRedis, startRedis } from '../support/redis.js';

interface Server {
  url: string;
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

async function postgres(): Promise<Server> {
  const database = await freshDatabase();
  const proxy = await startProxy(database.databaseUrl);
  return {
    ...proxy,
    async stop() {
      await proxy.down();
      await database.drop();
    },
  };
}

const jobs = (n: number, prefix: string): RunJob[] =>
  Array.from({ length: n }, (_, i) => ({ runId: `${prefix}${i}`, fence: 1 }));
const jobOf = (runId: string): RunJob => ({ runId, fence: 1 });
const eventually = (check: () => void | Promise<void>, timeout = 20_000) =>
  vi.waitFor(check, { timeout, interval: 20 });

function newGate(): { passed: Promise<void>; open(): void } {
  const events = new EventEmitter();
  return { passed: once(events, 'open').then(() => {}), open: () => void events.emit('open') };
}

function conformance(start: () => Promise<Server>): void {
  let server: Server;
  const queues: RunQueue[] = [];
  const children: ChildProcess[] = [];

  const open = async (options: Partial<QueueOptions> = {}) => {
    const queue = await openQueue({ url: server.url, capability: 'cpu', ...options });
    queues.push(queue);
    return queue;
  };
  const startChild = async (lockSeconds: number) => {
    const script = fileURLToPath(new URL('../support/queueChild.mjs', import.meta.url));
    const child = fork(script, [server.url, String(lockSeconds)]);
    children.push(child);
    await once(child, 'message');
    return child;
  };

  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const queue of queues.splice(0)) await queue.close();
  });

  // First: consumers look for dropped jobs in turn, and one with a longer lock would keep this one from it.
  it('drops the job of a consumer that was killed', async () => {
    const queue = await open({ lockSeconds: 1 });
    const lone = jobOf('killed');
    const child = await startChild(1);
    const took = once(child, 'message');
    await queue.add([lone]);
    await took;
    child.kill('SIGKILL');
    const taken: string[] = [];
    await queue.consume(1, async ({ runId }) => void taken.push(runId));
    await eventually(async () => expect(await queue.has([lone])).toEqual([false]), 30_000);
    expect(taken).toEqual([]);
    await queue.add([lone]);
    await eventually(() => expect(taken).toEqual([lone.runId]));
  });

  it('holds one job of a run and fence, however often it is added', async () => {
    const queue = await open();
    const lone = { runId: 'twice', fence: 3 };
    await queue.add([lone, lone]);
    await queue.add([lone]);
    expect(await queue.depth()).toEqual({ waiting: 1, active: 0 });
    const taken: RunJob[] = [];
    await queue.consume(4, async (each) => void taken.push(each));
    await eventually(async () => expect(await queue.has([lone])).toEqual([false]));
    expect(taken).toEqual([lone]);
  });

  it('says whether it holds a job before, while and after it is handled', async () => {
    const queue = await open();
    const lone = jobOf('has');
    expect(await queue.has([lone])).toEqual([false]);
    await queue.add([lone]);
    expect(await queue.has([lone, jobOf('other'), { ...lone, fence: 2 }])).toEqual([true, false, false]);
    const gate = newGate();
    await queue.consume(1, () => gate.passed);
    await eventually(async () => expect(await queue.depth()).toEqual({ waiting: 0, active: 1 }));
    expect(await queue.has([lone])).toEqual([true]);
    gate.open();
    await eventually(async () => expect(await queue.has([lone])).toEqual([false]));
    expect(await queue.depth()).toEqual({ waiting: 0, active: 0 });
  });

  it('loses the job of a handler that throws, and goes on', async () => {
    const errors: string[] = [];
    const queue = await open({ onError: (error) => errors.push(error.message) });
    const bad = jobOf('throws-bad');
    const good = jobOf('throws-good');
    const taken: string[] = [];
    await queue.consume(1, async (job) => {
      taken.push(job.runId);
      if (job.runId === bad.runId) throw new Error('handler broke');
    });
    await queue.add([bad, good]);
    await eventually(async () => expect(await queue.has([bad, good])).toEqual([false, false]));
    expect(taken).toEqual([bad.runId, good.runId]);
    expect(errors).toEqual(['handler broke']);
  });

  it('takes a job again after it was done', async () => {
    const queue = await open();
    const lone = jobOf('again');
    let taken = 0;
    await queue.consume(1, async () => void taken++);
    for (const round of [1, 2, 3]) {
      await queue.add([lone]);
      await eventually(() => expect(taken).toBe(round));
      await eventually(async () => expect(await queue.has([lone])).toEqual([false]));
    }
  });

  it('keeps the two capabilities apart', async () => {
    const cpu = await open();
    const gpu = await open({ capability: 'gpu' });
    const lone = jobOf('apart');
    await gpu.add([lone]);
    expect(await cpu.has([lone])).toEqual([false]);
    expect(await gpu.has([lone])).toEqual([true]);
    await gpu.consume(1, async () => {});
    await eventually(async () => expect(await gpu.has([lone])).toEqual([false]));
  });

  it('hands at most `concurrency` jobs to a consumer at once', async () => {
    const queue = await open();
    const all = jobs(30, 'bound');
    let now = 0;
    let most = 0;
    let done = 0;
    await queue.add(all);
    await queue.consume(3, async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 10));
      now--;
      done++;
    });
    await eventually(() => expect(done).toBe(30));
    expect(most).toBe(3);
  });

  it('hands each of 1,000 jobs to one of two consumers', async () => {
    const queue = await open();
    const all = jobs(1_000, 'many');
    const taken: [string[], string[]] = [[], []];
    for (const list of taken) {
      const its = await open();
      await its.consume(8, async (job) => {
        list.push(job.runId);
        await new Promise(setImmediate);
      });
    }
    await queue.add(all);
    await eventually(() => expect(taken[0].length + taken[1].length).toBeGreaterThanOrEqual(1_000), 60_000);
    await eventually(async () => expect(await queue.depth()).toEqual({ waiting: 0, active: 0 }));
    expect(taken.flat().sort()).toEqual(all.map((job) => job.runId).sort());
    expect(Math.min(...taken.map((list) => list.length))).toBeGreaterThan(0);
  });

  it('takes nothing while paused, and goes on when resumed', async () => {
    const queue = await open();
    const first = jobOf('paused-first');
    const second = jobOf('paused-second');
    const taken: string[] = [];
    const consumer = await queue.consume(1, async (job) => void taken.push(job.runId));
    await queue.add([first]);
    await eventually(() => expect(taken).toEqual([first.runId]));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await consumer.pause();
    await queue.add([second]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(taken).toEqual([first.runId]);
    expect(await queue.has([second])).toEqual([true]);
    await consumer.resume();
    await eventually(() => expect(taken).toEqual([first.runId, second.runId]));
  });

  it('hands a job that was put back to another consumer', async () => {
    const [busy, idle] = [await open(), await open()];
    const job = jobOf('put-back');
    const taken: string[] = [];
    let turnedAway = 0;
    const consumer = await busy.consume(2, async () => {
      turnedAway += 1;
      await consumer.pause();
      return 'later';
    });
    await busy.add([job]);
    await eventually(() => expect(turnedAway).toBe(1));
    expect(await idle.has([job])).toEqual([true]);
    await idle.consume(1, async ({ runId }) => void taken.push(runId));
    await eventually(() => expect(taken).toEqual([job.runId]));
    await eventually(async () => expect(await idle.has([job])).toEqual([false]));
    expect(turnedAway).toBe(1);
  });

  it('lets what is in hand end when it closes, and takes nothing more', async () => {
    const queue = await open();
    const busy = jobOf('closing-busy');
    const waiting = jobOf('closing-waiting');
    const gate = newGate();
    let taken = 0;
    const consumer = await queue.consume(1, () => {
      taken++;
      return gate.passed;
    });
    await queue.add([busy]);
    await eventually(() => expect(taken).toBe(1));
    await queue.add([waiting]);
    let closed = false;
    const closing = consumer.close().then(() => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(closed).toBe(false);
    gate.open();
    await closing;
    expect(taken).toBe(1);
    expect(await queue.has([busy, waiting])).toEqual([false, true]);
    await queue.consume(1, async () => {});
    await eventually(async () => expect(await queue.has([waiting])).toEqual([false]));
  });

  it('closes by force while a handler never ends, and its process ends', async () => {
    const queue = await open();
    const child = await startChild(60);
    const took = once(child, 'message');
    await queue.add(jobs(1, 'force'));
    await took;
    child.send('close');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('goes on when its server was away, and fails soon meanwhile', async () => {
    const errors: string[] = [];
    const queue = await open({ onError: (error) => errors.push(error.message) });
    const before = jobOf('restart-before');
    const during = jobOf('restart-during');
    const after = jobOf('restart-after');
    const taken: string[] = [];
    await queue.consume(1, async (job) => void taken.push(job.runId));
    await queue.add([before]);
    await eventually(() => expect(taken).toEqual([before.runId]));
    await server.down();
    await expect(queue.add([during])).rejects.toThrow(/connect|terminated|retries/i);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await server.up();
    await eventually(() => queue.add([after]));
    await eventually(() => expect(taken).toContain(after.runId), 30_000);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThan(20);
  });

  it('closes while its server is away, and its process ends', async () => {
    const child = await startChild(60);
    const queue = await open();
    await queue.consume(1, async () => {});
    await server.down();
    try {
      child.send('close');
      expect(await once(child, 'exit')).toEqual([0, null]);
      await queue.close();
    } finally {
      await server.up();
    }
  });

  it('says so when its server does not answer', async () => {
    await server.down();
    try {
      await expect(open()).rejects.toThrow(/ECONNREFUSED/);
    } finally {
      await server.up();
    }
  });
}

describe('queue on Postgres', () => {
  conformance(postgres);
});

describe.skipIf(!hasRedis)('queue on Redis (skipped where no redis-server is on the PATH)', () => {
  conformance(() => startRedis());

  it('refuses a Redis that may evict keys', async () => {
    const redis = await startRedis({ maxmemoryPolicy: 'allkeys-lru' });
    try {
      await expect(openQueue({ url: redis.url, capability: 'cpu' })).rejects.toThrow(
        /maxmemory-policy is allkeys-lru.*CONFIG SET maxmemory-policy noeviction/,
      );
    } finally {
      await redis.stop();
    }
  });
});

it('refuses a url of another kind', async () => {
  await expect(openQueue({ url: 'mysql://localhost', capability: 'cpu' })).rejects.toThrow(/mysql:.*postgres:\/\//);
});
