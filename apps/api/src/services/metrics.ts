import { RUN_STATES, SWEEP_STATES } from '@trawl/spec';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Services } from './services.js';

/** Counting runs reads an index of all of them: scrapers of several apis and people share one look. */
const FRESH_MS = 5_000;
/** From an answer out of memory to an upload of minutes. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300];

export interface Metrics {
  readonly contentType: string;
  /** Of a request that was answered; `route` is its template, so that ids do not become series. */
  answered(request: { method: string; route: string; status: number; seconds: number }): void;
  /** The exposition format. */
  text(): Promise<string>;
}

/** What `/metrics` shows: this process's own numbers, and at each look those of the whole service. docs/operations.md names them. */
export function createMetrics({ store, queues }: Pick<Services, 'store' | 'queues'>): Metrics {
  const register = new Registry();
  const registers = [register];
  // Every 10 ms by default: 2 % of a core, for ever.
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 100 });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });

  const http = new Histogram({
    name: 'trawl_http_request_duration_seconds',
    help: 'Time until a request was answered, by route',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const up = gauge('trawl_up', '1 where the api reached it at this look, else 0', ['component']);
  const runs = gauge('trawl_runs', 'Runs by state', ['state']);
  const sweeps = gauge('trawl_sweeps', 'Sweeps by state', ['state']);
  const waiting = gauge('trawl_runs_waiting', 'Queued runs of running sweeps: what more workers would take');
  const jobs = gauge('trawl_queue_jobs', 'Jobs in the queue, which is kept short', ['capability', 'state']);
  const workers = gauge('trawl_workers', 'Workers that live', ['capability']);
  const slots = gauge('trawl_slots', 'Slots of workers that live', ['capability']);
  const busy = gauge('trawl_slots_busy', 'Slots with a run', ['capability']);
  const ended = counter('trawl_attempts_ended_total', 'Attempts that ended, by how; lost: their lease ran out', [
    'end',
  ]);
  const points = counter('trawl_metric_points_total', 'Metric points written by trainers');

  const lookAtDatabase = async (): Promise<void> => {
    const stats = await store.stats.read();
    for (const state of RUN_STATES) runs.set({ state }, stats.runs.get(state) ?? 0);
    for (const state of SWEEP_STATES) sweeps.set({ state }, stats.sweeps.get(state) ?? 0);
    waiting.set(stats.waiting);
    for (const each of stats.slots) {
      workers.set({ capability: each.capability }, each.workers);
      slots.set({ capability: each.capability }, each.slots);
      busy.set({ capability: each.capability }, each.busy);
    }
    // Counted elsewhere: a counter is set to what is there by starting anew.
    ended.reset();
    ended.inc({ end: 'lost' }, 0);
    for (const [end, n] of stats.attempts) ended.inc({ end }, n);
    points.reset();
    points.inc(stats.points);
  };
  const lookAtQueues = async (): Promise<void> => {
    for (const queue of queues) {
      const depth = await queue.depth();
      jobs.set({ capability: queue.capability, state: 'waiting' }, depth.waiting);
      jobs.set({ capability: queue.capability, state: 'active' }, depth.active);
    }
  };
  const reached = async (component: string, look: () => Promise<void>): Promise<void> => {
    const fine = await look().then(
      () => true,
      () => false,
    );
    up.set({ component }, fine ? 1 : 0);
  };

  let looked: Promise<unknown> = Promise.resolve();
  let freshUntil = Number.NEGATIVE_INFINITY;
  return {
    contentType: register.contentType,
    answered: ({ method, route, status, seconds }) => http.observe({ method, route, status }, seconds),
    text: async () => {
      if (performance.now() > freshUntil) {
        freshUntil = performance.now() + FRESH_MS;
        looked = Promise.all([reached('database', lookAtDatabase), reached('queue', lookAtQueues)]);
      }
      await looked;
      return register.metrics();
    },
  };
}
