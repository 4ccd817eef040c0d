import type { WorkerView } from '@trawl/spec';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { draw, drawLine } from './draw.js';
import type { Running, Snapshot, Waiting } from './look.js';

const worker = (over: Partial<WorkerView> = {}): WorkerView => ({
  id: 'w',
  host: 'lab-1',
  pid: 4711,
  slots: 4,
  capability: 'cpu',
  devices: ['cpu:0'],
  version: '0.1.0',
  startedAt: '2026-11-22T08:00:00Z',
  heartbeatAt: '2026-11-22T09:59:57Z',
  alive: true,
  runs: [{ runId: 'r', sweepId: 's', epoch: 3, epochs: 12 }],
  ...over,
});
const running = (over: Partial<Running> = {}): Running => ({
  runId: '019ab000-0000-7000-8000-0000deadbeef',
  sweepId: 's',
  sweep: 'demo',
  stage: 'alpha',
  point: { alpha: 50 },
  seed: 1,
  epoch: 3,
  epochs: 12,
  worker: 'lab-1:4711',
  metric: { name: 'val.label_mse', value: 0.123456 },
  startedAt: '2026-11-22T09:59:00Z',
  ...over,
});
const waiting = (over: Partial<Waiting> = {}): Waiting => ({
  sweepId: 's',
  sweep: 'demo',
  state: 'running',
  stage: 'alpha',
  priority: 0,
  runs: 11,
  ...over,
});
const snapshot = (over: Partial<Snapshot> = {}): Snapshot => ({
  at: '2026-11-22T10:00:00.000Z',
  workers: [worker()],
  slots: { total: 4, busy: 1 },
  waiting: [waiting()],
  running: [running()],
  ...over,
});

describe('the view of trawl top', () => {
  it('shows workers, what waits and what runs', () => {
    expect(draw(snapshot(), { columns: 80 })).toBe(
      `
trawl  2026-11-22 10:00:00 UTC
1 of 1 workers, 1 of 4 slots busy, 1 running, 11 waiting

WORKER      BUSY  SERVES  DEVICES  HEARD OF
lab-1:4711  1/4   cpu     cpu:0    3 s ago

WAITING  PRIORITY  SWEEP  STAGE
11       0         demo   alpha

RUN       SWEEP       CELL      SEED  EPOCH  METRIC                SINCE
deadbeef  demo/alpha  alpha=50  1     3/12   0.1235 val.label_mse  1 min 00 s
`.trim(),
    );
  });

  it('says who is gone, what is held, and what a key may not see', () => {
    const text = draw(
      snapshot({
        workers: [worker({ alive: false, runs: [], heartbeatAt: '2026-11-22T09:00:00Z' })],
        slots: { total: 0, busy: 0 },
        waiting: [waiting({ state: 'paused', runs: 3 }), waiting({ state: 'awaiting_review', runs: 2 })],
        running: [running({ epoch: null, metric: null, startedAt: null })],
      }),
      { columns: 80 },
      'the service does not answer',
    );
    expect(text).toMatch(/UTC {2}the service does not answer\n0 of 1 workers, .* 2 waiting, 3 paused$/m);
    expect(text).toMatch(/1 h 00 min ago, gone$/m);
    expect(text).toMatch(/^3 .* paused\n2 .* awaiting review$/m);
    expect(text).toMatch(/^deadbeef .* 1 +- +- +-$/m);
    const scoped = snapshot({ workers: null, slots: null });
    expect(draw(scoped, { columns: 80 })).toMatch(/UTC\n1 running, 11 waiting\n[^]*not for a key of a project/);
    expect(drawLine(scoped)).toBe('2026-11-22T10:00:00.000Z 1 running, 11 waiting');
  });

  it('has no line wider than the terminal, nor more of them, whatever things are called', () => {
    const name = '网络'.repeat(60);
    const much = snapshot({
      workers: Array.from({ length: 9 }, () =>
        worker({ host: 'a-host-of-a-long-name.example.org', devices: Array<string>(8).fill('NVIDIA H100 80GB HBM3') }),
      ),
      waiting: Array.from({ length: 2 }, () =>
        waiting({ sweep: name, stage: name, state: 'awaiting_review', runs: 100_000, priority: -1000 }),
      ),
      running: Array.from({ length: 40 }, (_, seed) =>
        running({
          sweep: `a\nb\x1b[2J${name}`,
          point: { learning_rate: 1e-4, architecture: name },
          seed,
          metric: { name: 'val.'.padEnd(60, 'x'), value: -1.5e-9 },
        }),
      ),
    });
    for (const [columns, rows] of [
      [80, 24],
      [80, 50],
      [200, 24],
      [40, 11],
    ] as const) {
      const lines = draw(much, { columns, rows }).split('\n');
      expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(columns);
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.join('')).not.toContain('\x1b');
    }
    const lines = draw(much, { columns: 80, rows: 24 }).split('\n');
    expect(lines).toHaveLength(24);
    expect(lines.filter((line) => line.startsWith('... and'))).toEqual(['... and 3 more', '... and 34 more']);
    expect(draw(much, { columns: 80 })).not.toContain('... and');
  });
});
