import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildKey, nativeDirectory } from '@trawl/nn/native/builds';
import { expect, it } from 'vitest';
import { readConfig } from '../config.js';
import { lookAtMachine, shareOf, trainerEnv, trainerSettings } from './devices.js';

const configOf = (env: Record<string, string>) =>
  readConfig({ DATABASE_URL: 'postgres://db', TRAWL_CAPABILITY: 'gpu', ...env });

it('gives each trainer one GPU, its memory as it needs it, and a cache that holds what CUDA compiles', async () => {
  const config = configOf({ TRAWL_DEVICES: '0,GPU-5f', TRAWL_SLOTS: '3' });
  const machine = await lookAtMachine(config);
  expect(machine).toMatchObject({ capability: 'gpu', devices: ['gpu:0', 'gpu:GPU-5f'] });
  const envs = [0, 1, 2].map((slot) => trainerEnv(config, machine, slot));
  expect(envs.map((env) => env['CUDA_VISIBLE_DEVICES'])).toEqual(['0', 'GPU-5f', '0']);
  expect([0, 1, 2].map((slot) => trainerSettings(config, machine, slot).device)).toEqual([
    'gpu:0',
    'gpu:GPU-5f',
    'gpu:0',
  ]);
  expect(envs[1]).toMatchObject({
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    CUDA_CACHE_MAXSIZE: '4294967296',
  });
});

it("shows a GPU's trainers where the native build keeps CUDA", async () => {
  const XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'trawl-devices-'));
  try {
    const dir = join(nativeDirectory(XDG_CACHE_HOME), buildKey('cuda'));
    for (const part of ['cudnn', 'cublas']) mkdirSync(join(dir, 'nvidia', part, 'lib'), { recursive: true });
    writeFileSync(join(dir, 'build.json'), JSON.stringify({ version: '2.21.0', gpu: true, installedAt: '' }));
    const folders = ['cublas', 'cudnn'].map((part) => join(dir, 'nvidia', part, 'lib'));
    const paths = async (env: Record<string, string>) => {
      const config = configOf({ XDG_CACHE_HOME, LD_LIBRARY_PATH: '/own', ...env });
      return trainerEnv(config, await lookAtMachine(config), 0)['LD_LIBRARY_PATH'];
    };
    expect(await paths({ TRAWL_DEVICES: '0' })).toBe([...folders, '/own'].join(':'));
    expect(await paths({ TRAWL_CAPABILITY: 'cpu' })).toBe('/own');
  } finally {
    rmSync(XDG_CACHE_HOME, { recursive: true });
  }
});

it('hides every GPU from trainers on the CPU', async () => {
  const config = configOf({ TRAWL_CAPABILITY: 'cpu', TRAWL_SLOTS: '1' });
  expect(trainerEnv(config, await lookAtMachine(config), 0)['CUDA_VISIBLE_DEVICES']).toBe('-1');
});

it('shares out a GPU as runs ask, the CPU by slots, and either to nobody beside a run that was out of memory', async () => {
  const gpu = await lookAtMachine(configOf({ TRAWL_DEVICES: '0', TRAWL_SLOTS: '4' }));
  const cpu = await lookAtMachine(configOf({ TRAWL_CAPABILITY: 'cpu', TRAWL_SLOTS: '4' }));
  expect(new Set(cpu.deviceOf)).toEqual(new Set([0]));
  const shares = (alone: boolean) => [gpu, cpu].map((machine) => shareOf(machine, { gpuShare: 0.5, alone }));
  expect(shares(false)).toEqual([0.5, 0.25]);
  expect(shares(true)).toEqual([1, 1]);
});

it("leaves the user's settings, but for what makes a slot a slot", async () => {
  const own = { CUDA_CACHE_MAXSIZE: '1', CUDA_VISIBLE_DEVICES: '7', TF_FORCE_GPU_ALLOW_GROWTH: 'false' };
  const config = configOf({ TRAWL_DEVICES: '2', ...own });
  expect(trainerEnv(config, await lookAtMachine(config), 0)).toMatchObject({ ...own, CUDA_VISIBLE_DEVICES: '2' });
});
