import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildKey } from '@trawl/nn/native/builds';
import { afterAll, expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../apps/worker/dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'trawl-backend-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Why the worker ends, as it says before it ends with code 1; it never gets as far as its database. */
async function refusal(cache: string, env: Record<string, string>): Promise<string> {
  const here = {
    PATH: process.env['PATH'],
    DATABASE_URL: 'postgres://127.0.0.1:1/none',
    TRAWL_API_URL: 'http://127.0.0.1:1',
    TRAWL_DATA_DIR: folder,
    TRAWL_CAPABILITY: 'cpu',
    XDG_CACHE_HOME: join(folder, cache),
  };
  const worker = spawn(process.execPath, [ENTRY], { env: { ...here, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  worker.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = await once(worker, 'close');
  expect(code).toBe(1);
  return JSON.parse(/^.*"level":60.*$/m.exec(said)?.[0] ?? '{}').msg;
}

function addBrokenBuild(cache: string): void {
  const dir = join(folder, cache, 'trawl', 'native', buildKey('broken'));
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'build.json'), JSON.stringify({ version: '2.21.0', gpu: false, installedAt: '' }));
  writeFileSync(join(dir, 'tfjs_binding.node'), 'not a library');
}

it('a worker does not start with a backend that is not installed', async () => {
  const said = await refusal('empty', { TRAWL_BACKEND: 'tfjs-node-gpu' });
  expect(said).toBe(
    'TRAWL_BACKEND=tfjs-node-gpu cannot train here: tfjs-node-gpu: no native build is installed. ' +
      'Remedy: `trawl native install`, or backend auto.',
  );
});

it('nor with one that cannot be loaded, asked for or not', async () => {
  addBrokenBuild('broken');
  const said = await refusal('broken', { TRAWL_BACKEND: 'auto' });
  expect(said).toMatch(
    /^TRAWL_BACKEND=auto cannot train here: .*tfjs_binding\.node.*Remedy: `trawl native install` anew/s,
  );
});

it('nor for GPUs that its trainers would not use', async () => {
  const said = await refusal('empty', { TRAWL_BACKEND: 'auto', TRAWL_CAPABILITY: 'gpu', TRAWL_DEVICES: '0' });
  expect(said).toBe(
    'there are GPUs (gpu:0), but TensorFlow opens on cpu. Remedy: `trawl native install --gpu`, or TRAWL_CAPABILITY=cpu',
  );
});
