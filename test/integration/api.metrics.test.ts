import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { claim, registerWorker, runsOf } from '../support/training.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

type Series = Map<string, number>;

/** `name{labels}` -> value, labels in the order in which they stand; the types by name. */
async function scrape(from = api): Promise<{ series: Series; types: Map<string, string> }> {
  const answer = await from.inject({ url: '/metrics' });
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const series: Series = new Map();
  const types = new Map<string, string>();
  for (const line of answer.body.split('\n').filter((each) => each !== '')) {
    const typed = /^# TYPE (\S+) (\w+)$/.exec(line);
    if (typed) types.set(typed[1]!, typed[2]!);
    if (line.startsWith('#')) continue;
    const sample = /^([a-z_:][\w:]*)(\{[^}]*\})? (\S+)$/i.exec(line);
    if (sample === null) throw new Error(`not a sample: ${line}`);
    series.set(`${sample[1]}${sample[2] ?? ''}`, Number(sample[3]));
  }
  return { series, types };
}

describe('/metrics', () => {
  it('counts what there is', async () => {
    const id = await api.submit(smallSpec());
    const worker = await registerWorker(api.store);
    const [first, second] = await runsOf(api.store, id);
    const one = await claim(api.store, worker, first!);
    await api.store.runs.succeed(first!.id, one.fence, { 'val.label_mse': 1 });
    await claim(api.store, worker, second!);
    const { series } = await scrape();
    expect(Object.fromEntries(series)).toMatchObject({
      'trawl_up{component="database"}': 1,
      'trawl_up{component="queue"}': 1,
      'trawl_runs{state="queued"}': 6,
      'trawl_runs{state="running"}': 1,
      'trawl_runs{state="succeeded"}': 1,
      'trawl_runs{state="failed"}': 0,
      trawl_runs_waiting: 6,
      'trawl_sweeps{state="running"}': 1,
      'trawl_workers{capability="cpu"}': 1,
      'trawl_workers{capability="gpu"}': 0,
      'trawl_slots{capability="cpu"}': 4,
      'trawl_slots_busy{capability="cpu"}': 1,
      'trawl_attempts_ended_total{end="succeeded"}': 1,
      'trawl_attempts_ended_total{end="lost"}': 0,
    });
    expect(series.get('trawl_http_request_duration_seconds_count{method="POST",route="/v1/sweeps",status="201"}')).toBe(
      1,
    );
    expect(series.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect([...series.keys()].filter((name) => name.includes(id))).toEqual([]);
  });

  it('names what docs/operations.md does, and nothing else', async () => {
    const { types } = await scrape();
    const own = [...types.keys()].filter((name) => name.startsWith('trawl_'));
    const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const documented = [...text.matchAll(/^\| `(trawl_\w+)` \|/gm)].map(([, name]) => name);
    expect(new Set(documented)).toEqual(new Set(own));
    expect(documented).toHaveLength(own.length);
    expect(own.filter((name) => name.endsWith('_total') !== (types.get(name) === 'counter'))).toEqual([]);
  });

  it('answers without its database, and says so', async () => {
    const other = await startApi();
    const read = vi.spyOn(other.store.stats, 'read').mockRejectedValue(new Error('gone'));
    const { series } = await scrape(other);
    expect(series.get('trawl_up{component="database"}')).toBe(0);
    expect(series.get('trawl_up{component="queue"}')).toBe(1);
    read.mockRestore();
    await other.close();
  });
});
