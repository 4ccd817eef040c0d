import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendChoice } from '../contract.js';
import { buildKey } from '../native/builds.js';
import { fileOf } from '../native/own.js';
import { openBackend } from './open.js';
import { backendReport } from './report.js';

let cacheDir: string;
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'trawl-open-'));
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

describe('openBackend', () => {
  it('takes wasm where no native build is installed', async () => {
    const { info, tf: opened } = await openBackend('auto', { cacheDir, threads: 3 });
    expect(info).toMatchObject({ backend: 'wasm', device: 'cpu', threads: 1, versions: { 'tfjs-core': '4.22.0' } });
    expect(opened.matMul(opened.ones([1, 2]), opened.ones([2, 1])).dataSync()[0]).toBe(2);
  });

  it('says what to do about a native build that is missing or broken', async () => {
    await expect(openBackend('tfjs-node-gpu', { cacheDir })).rejects.toThrow(
      'tfjs-node-gpu: no native build is installed. Remedy: `trawl native install`',
    );
    const dir = join(cacheDir, buildKey('broken'));
    mkdirSync(dir);
    writeFileSync(join(dir, 'build.json'), JSON.stringify({ version: '2.21.0', gpu: false, installedAt: '' }));
    writeFileSync(join(dir, 'tfjs_binding.node'), 'not a library');
    await expect(openBackend('auto', { cacheDir })).rejects.toThrow(
      /tfjs_binding\.node.*Remedy: `trawl native install` anew/s,
    );
  });

  it('fails at the start over a kernel that is missing, by its name', async () => {
    await openBackend('wasm', { needs: [tf.Conv2DBackpropFilter, tf.UnsortedSegmentSum] });
    await expect(openBackend('wasm', { needs: [tf.Conv2D, tf.Einsum, tf.FFT] })).rejects.toThrow(
      'wasm: has no kernel Einsum, FFT; use another backend',
    );
  });

  it('refuses what it does not know', async () => {
    const choice: unknown = 'webgl';
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    await expect(openBackend(choice as BackendChoice)).rejects.toThrow(
      'backend: was webgl; allowed: auto, tfjs-node-gpu, wasm, cpu',
    );
    await expect(openBackend('wasm', { threads: 0 })).rejects.toThrow('threads: was 0; allowed: 1 or more');
  });
});

describe('backendReport', () => {
  it('says what would open, and what would be faster', async () => {
    const report = await backendReport('auto', { cacheDir });
    expect(report).toMatchObject({ backend: 'wasm', device: 'cpu', threads: 1, native: null });
    expect(report.faster?.command).toMatch(/^trawl native install/);
    await expect(backendReport('tfjs-node-gpu', { cacheDir })).rejects.toThrow('no native build is installed');
  });

  it('sees an installed build without loading it', async () => {
    const dir = join(cacheDir, buildKey('there'));
    mkdirSync(dir);
    writeFileSync(join(dir, 'build.json'), JSON.stringify({ version: '9.9.9', gpu: true, installedAt: '' }));
    const report = await backendReport('auto', { cacheDir, threads: 2 });
    expect(report).toMatchObject({
      backend: 'tfjs-node-gpu',
      threads: 2,
      versions: { tensorflow: '9.9.9' },
      faster: null,
    });
    expect((await backendReport('wasm', { cacheDir })).backend).toBe('wasm');
  });

  it('names what of ours an older build lacks', async () => {
    const dir = join(cacheDir, buildKey('old'));
    mkdirSync(dir);
    writeFileSync(join(dir, 'build.json'), JSON.stringify({ version: '9.9.9', gpu: false, installedAt: '' }));
    writeFileSync(join(dir, fileOf('kernels') ?? ''), '');
    const { faster } = await backendReport('auto', { cacheDir });
    expect(faster).toMatchObject({ command: expect.stringMatching(/^trawl native install/) });
    expect(faster?.why).toMatch(/^compiles what the build lacks of ours \(ahead\)|^uses the GPU/);
  });
});
