import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { smallSpec } from '../support/specs.js';
import { trawlUp } from '../support/trawl.js';

const EXAMPLE = fileURLToPath(new URL('../../docs/trawl_example.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'trawl-python-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const numpy = spawnSync('python3', ['-c', 'import numpy'], { stdio: 'ignore' }).status === 0;

async function python(args: string[], env: Record<string, string>): Promise<{ code: unknown; said: string }> {
  const child = spawn('python3', [EXAMPLE, ...args], {
    env: { PATH: process.env['PATH'], PYTHONUNBUFFERED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code, said };
}

test("docs/trawl_example.py submits, follows, ranks and reads the winner's weights", async (context) => {
  if (!numpy) context.skip('python3 with numpy is not there');
  const spec = {
    ...smallSpec(),
    seeds: [1],
    grid: { alpha: [50, 500] },
    params: { ...smallSpec().params, max_n_epochs: 2, anneal_epochs: 0 },
    select: { rule: 'min', metric: 'val.label_mse', direction: 'min' },
  };
  const path = join(folder, 'spec.yaml');
  writeFileSync(path, JSON.stringify(spec));
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, JSON.stringify({ ...spec, colour: 1 }));
  const up = await trawlUp(join(folder, 'data'), { TRAWL_DATA_ROOTS: folder });
  try {
    const env = { TRAWL_API_URL: up.apiUrl };
    const { code, said } = await python([path, folder], env);
    expect({ code, said }).toEqual({ code: 0, said: expect.any(String) });
    expect(said).toMatch(/stage search done[^]*the sweep has succeeded/);
    expect(said).toMatch(
      /search by val\.label_mse \(min\)\n +1 {2}\{'alpha': \d+\} {2}mean [\d.e-]+ {2}seeds [\d.e-]+\n +2 /,
    );
    expect(said).toMatch(/best: \{'alpha': \d+\} \(.+\)/);
    expect(said).toMatch(
      /weights\.safetensors of run [0-9a-f-]{36}, seed 1\n( {2}\S+ {2}float32 \([\d, ]+\) {2}mean [\d.e-]+\n){4,}/,
    );

    const refused = await python([wrong], env);
    expect(refused).toEqual({ code: 1, said: expect.stringMatching(/400 The sweep has a fault[^]*colour/) });
  } finally {
    await up.stop();
  }
});
