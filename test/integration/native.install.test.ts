import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { findNative, installNative, removeNative } from '@trawl/nn/native';

/*
 * Installs for real: it downloads 275 MB and compiles for a minute, so it runs only when asked for,
 * TRAWL_TEST_NATIVE=1 npx vitest run --project integration native.install
 */
const cacheDir = mkdtempSync(join(tmpdir(), 'trawl-native-'));
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

describe.skipIf(process.env['TRAWL_TEST_NATIVE'] !== '1')('installNative (set TRAWL_TEST_NATIVE=1 to run)', () => {
  it('leaves nothing that counts when it is killed', async () => {
    const program = `import { installNative } from '@trawl/nn/native'; await installNative({ cacheDir: ${JSON.stringify(cacheDir)} });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { detached: true });
    while (!readdirSync(cacheDir).some((name) => name.startsWith('.staging-'))) await setTimeout(100);
    await setTimeout(2000);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    expect(await findNative(cacheDir)).toBeNull();
  });

  it('builds once for two callers, and then has nothing to do', async () => {
    const said: string[] = [];
    const onProgress = (message: string): unknown => said.push(message.replace(/ in .*/, ''));
    const [first, second] = await Promise.all([
      installNative({ cacheDir, onProgress }),
      installNative({ cacheDir, onProgress }),
    ]);
    expect(second.dir).toBe(first.dir);
    expect(said.filter((message) => message === 'compiling the addon')).toHaveLength(1);
    expect(said).toContain('waiting for another install');
    expect(said.at(-1)).toBe('TensorFlow 2.21.0 is installed already');
    expect(readdirSync(cacheDir)).toEqual([first.key]);
    expect((await findNative(cacheDir))?.dir).toBe(first.dir);
    expect(await removeNative(cacheDir)).toEqual([first.key]);
    expect(await findNative(cacheDir)).toBeNull();
  }, 600_000);
});
