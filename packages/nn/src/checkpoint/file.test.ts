import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointBytes, readCheckpoint, writeCheckpoint } from './file.js';

const checkpoint = {
  tensors: {
    'conv0/kernel': { shape: [2, 3], data: Float32Array.of(1, -2, Number.NaN, Number.POSITIVE_INFINITY, 1e-40, 0.1) },
    scalar: { shape: [], data: Float32Array.of(7) },
    empty: { shape: [0, 4], data: new Float32Array(0) },
  },
  state: { epoch: 3, streams: { noise: 'ü' }, loss: 'NaN' },
};

describe('checkpoint files', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trawl-checkpoint-'));
    path = join(folder, 'a.safetensors');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('come back as they were, and leave nothing beside them', async () => {
    await writeCheckpoint(path, checkpoint);
    expect(await readCheckpoint(path)).toEqual(checkpoint);
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  it('have the same bytes in memory', async () => {
    await writeCheckpoint(path, checkpoint);
    expect(Buffer.compare(checkpointBytes(checkpoint), readFileSync(path))).toBe(0);
  });

  it('replace an older one whole', async () => {
    await writeCheckpoint(path, checkpoint);
    await writeCheckpoint(path, { tensors: {}, state: 1 });
    expect(await readCheckpoint(path)).toEqual({ tensors: {}, state: 1 });
  });

  it('refuse a state that JSON would change', async () => {
    await expect(writeCheckpoint(path, { tensors: {}, state: { best: Infinity } })).rejects.toThrow(
      'state best: Infinity has no JSON form',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(existsSync('/dev/full'))('leave the older one and nothing else where the disk is full', async () => {
    await writeCheckpoint(path, checkpoint);
    // Where it is written before it is renamed: what goes there meets Linux's own error.
    symlinkSync('/dev/full', `${path}.${process.pid}.tmp`);
    await expect(writeCheckpoint(path, { tensors: {}, state: 1 })).rejects.toThrow('ENOSPC');
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
    expect(await readCheckpoint(path)).toEqual(checkpoint);
  });

  it('say that they are truncated, wherever they were cut', async () => {
    await writeCheckpoint(path, checkpoint);
    const whole = readFileSync(path);
    for (const size of [0, 4, 20, 200, whole.length - 1]) {
      writeFileSync(path, whole);
      truncateSync(path, size);
      await expect(readCheckpoint(path), `${size} bytes`).rejects.toThrow(/a\.safetensors: truncated/);
    }
  });

  it('refuse tensors that overlap', async () => {
    await writeCheckpoint(path, checkpoint);
    const bytes = readFileSync(path);
    const header = bytes.toString('latin1').replace('"data_offsets":[24,28]', '"data_offsets":[20,24]');
    writeFileSync(path, Buffer.from(header, 'latin1'));
    await expect(readCheckpoint(path)).rejects.toThrow('tensor scalar: begins at byte 20 of the data; wanted 24');
  });

  it.each([
    ['not safetensors at all', Buffer.from('PK\u0003\u0004 some other file of that length'), /no safetensors file/],
    ['bytes too many', null, /1 bytes too many/],
  ])('refuse %s', async (_, bytes, message) => {
    await writeCheckpoint(path, checkpoint);
    writeFileSync(path, bytes ?? Buffer.concat([readFileSync(path), Buffer.from('x')]));
    await expect(readCheckpoint(path)).rejects.toThrow(message);
  });

  it.skipIf(spawnSync('python3', ['--version']).error)('read as safetensors in Python', async () => {
    await writeCheckpoint(path, checkpoint);
    const reader = `
import json, struct, sys
b = open(sys.argv[1], 'rb').read()
n = struct.unpack('<Q', b[:8])[0]
h = json.loads(b[8:8+n])
d = h['conv0/kernel']
assert n % 8 == 0 and d['dtype'] == 'F32' and d['shape'] == [2, 3]
o = d['data_offsets']
print(struct.unpack('<6f', b[8+n+o[0]:8+n+o[1]])[1], json.loads(h['__metadata__']['trawl_state'])['epoch'])`;
    const printed = execFileSync('python3', ['-c', reader, path], { encoding: 'utf8' });
    expect(printed.trim()).toBe('-2.0 3');
  });
});
