import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@trawl/client';
import { applySmoke, isSweepFinished, parseSweepText, type SweepDetail } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../apps/cli/dist/config.js';
import { type Stack, startStack } from '../../apps/cli/dist/stack/up.js';

/*
 * Every spec in sweeps/ is legal as it stands and, with its own `smoke` override, runs through the whole service to a
 * ranking. The specs whose data is not part of the project are checked in their smoke form only.
 */

const folder = new URL('../../sweeps/', import.meta.url);
const examples = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

const Example = z.looseObject({ name: z.string(), dataset: z.looseObject({ kind: z.string() }) });

function specOf(file: string): z.output<typeof Example> {
  const parsed = parseSweepText(read(file), 'yaml');
  if (!parsed.ok) throw new Error(`${file}: ${JSON.stringify(parsed.faults)}`);
  return Example.parse(parsed.value);
}

async function settled(client: Client, id: string): Promise<SweepDetail> {
  for (;;) {
    const sweep = await client.sweeps.get(id);
    if (isSweepFinished(sweep.state) || sweep.state === 'awaiting_review') return sweep;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

describe('example specs', () => {
  let dataDir: string;
  let stack: Stack;
  let client: Client;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'trawl-examples-'));
    const config = { ...readConfig({ TRAWL_DATA_DIR: dataDir, TRAWL_PORT: '0' }), dataRoots: [dataDir] };
    stack = await startStack({ config, slots: 2, say: () => {} });
    client = createClient({ baseUrl: stack.apiUrl });
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it.each(examples)('%s names itself after its file and has a smoke override', (file) => {
    const spec = specOf(file);
    expect(spec.name).toBe(file.replace(/\.yaml$/, ''));
    expect(spec).toHaveProperty('smoke');
  });

  it.each(examples.filter((file) => specOf(file).dataset.kind !== 'hdf5'))('%s is legal as it stands', async (file) => {
    const plan = await client.sweeps.dryRun(read(file), 'application/yaml');
    expect(plan.runs).toBeGreaterThan(0);
  });

  it.each(examples)('%s runs its smoke form to a ranking', async (file) => {
    const smoke = JSON.stringify(applySmoke(specOf(file)));
    const sweep = await settled(client, (await client.sweeps.submit(smoke, 'application/json')).id);
    expect(sweep.runs).toMatchObject({ failed: 0, cancelled: 0 });
    // The reasons first: they say why a stage waits.
    expect(sweep.stages.flatMap(({ reason }) => reason ?? [])).toEqual([]);
    expect(sweep.state).toBe('succeeded');
    for (const stage of sweep.stages.filter(({ kind }) => kind === 'search')) {
      const { cells } = await client.sweeps.ranking(sweep.id, { stage: stage.name });
      expect(cells.map((cell) => cell.rank)).toEqual(cells.map((_, index) => index + 1));
    }
  });
});
