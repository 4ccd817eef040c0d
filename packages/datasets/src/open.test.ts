import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { canonicalJson, DatasetSchema, sha256Hex } from '@trawl/spec';
import type { DatasetSpec } from '@trawl/spec';
import { afterAll, describe, expect, test } from 'vitest';
import { DatasetError } from './errors.js';
import { inspectDataset } from './inspect.js';
import { openDataset } from './open.js';
import { videoFile, writeHdf5 } from './testing/hdf5.js';

const root = mkdtempSync(path.join(tmpdir(), 'trawl-open-'));
afterAll(() => rmSync(root, { recursive: true }));

const roots = [root];
const hdf5 = (name: string): DatasetSpec => ({ kind: 'hdf5', path: name });
const behaviour = (keys: object = {}): DatasetSpec => DatasetSchema.parse({ kind: 'behaviour', trials: 4, ...keys });
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

async function factsOf(spec: DatasetSpec, places: readonly string[] = roots) {
  const answer = await inspectDataset(spec, { roots: places });
  if ('faults' in answer) throw new DatasetError(answer.faults);
  return answer.facts;
}

describe('hdf5', () => {
  test('has the facts that inspection told, and its hash', async () => {
    const file = path.join(root, 'sound.hdf5');
    await writeHdf5(file, videoFile({ frames: [4, 6] }));
    const facts = await factsOf(hdf5('sound.hdf5'));
    expect(facts).toEqual({
      kind: 'hdf5',
      hash: sha256(file),
      size: readFileSync(file).length,
      trials: 2,
      frames: [4, 6],
      height: 6,
      width: 8,
      channels: 1,
      labels: 2,
      labelMasks: false,
      frameMasks: false,
    });
    const opened = await openDataset(hdf5('sound.hdf5'), { roots, expectedHash: facts.hash });
    expect(opened.facts).toEqual(facts);
    expect(opened.trials.map((trial) => trial.nFrames)).toEqual([4, 6]);
  });

  test('is refused when the file is another than at the POST, even of the same size and time', async () => {
    const file = path.join(root, 'changing.hdf5');
    await writeHdf5(file, videoFile({ frames: [4, 6] }));
    const time = new Date(2020, 1, 1);
    utimesSync(file, time, time);
    const { hash } = await factsOf(hdf5('changing.hdf5'));
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    utimesSync(file, time, time);
    const opening = openDataset(hdf5('changing.hdf5'), { roots, expectedHash: hash });
    await expect(opening).rejects.toThrow(DatasetError);
    await expect(opening).rejects.toThrow(
      `dataset.path: the file has changed since the sweep was submitted, given "sha256 ${sha256(file)}"; ` +
        `allowed: sha256 ${hash}; put the old data back or submit a new sweep`,
    );
    await expect(opening).rejects.toMatchObject({ failure: 'invalid_data', faults: [{ path: 'dataset.path' }] });
  });

  test('is refused with every fault of the file, at the place of the spec', async () => {
    writeFileSync(path.join(root, 'broken.hdf5'), 'no');
    const at = 'stages.1.dataset';
    expect(await inspectDataset(hdf5('broken.hdf5'), { roots, at })).toMatchObject({
      faults: [{ path: 'stages.1.dataset.path', message: 'not an HDF5 file' }],
    });
    await expect(openDataset(hdf5('broken.hdf5'), { roots, at })).rejects.toThrow(/^stages\.1\.dataset\.path: not an/);
    await expect(openDataset(hdf5('absent.hdf5'), { roots })).rejects.toThrow(/does not exist/);
  });
});

describe('behaviour', () => {
  test('has the facts that inspection told', async () => {
    const spec = behaviour({ masked: 0.5, labels: 4 });
    const facts = await factsOf(spec);
    const expected = { trials: 4, frames: [32, 32, 32, 32], channels: 1, labels: 4, labelMasks: true, size: 0 };
    expect(facts).toMatchObject({ kind: 'behaviour', height: 32, width: 32, frameMasks: false, ...expected });
    const opened = await openDataset(spec, { roots: [], expectedHash: facts.hash });
    expect(opened.facts).toEqual(facts);
    expect(opened.trials).toHaveLength(4);
  });

  test('has a hash of every parameter, whatever their order', async () => {
    const { hash } = await factsOf(behaviour());
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect((await factsOf(behaviour({ seed: 0, noise: 0.02 }))).hash).toBe(hash);
    expect((await factsOf(behaviour({ seed: 1 }))).hash).not.toBe(hash);
    await expect(openDataset(behaviour({ seed: 1 }), { roots, expectedHash: hash })).rejects.toThrow(
      /the generator has changed since the sweep was submitted/,
    );
  });

  test('is refused where it would not fit in memory', async () => {
    const spec = behaviour({ trials: 10_000, frames: 10_000 });
    const faults = [{ path: 'dataset', message: 'a generated set too large for memory' }];
    expect(await inspectDataset(spec, { roots })).toMatchObject({ faults });
    await expect(openDataset(spec, { roots })).rejects.toThrow(/too large for memory/);
  });
});

// Real video: the open-field example of DeepLabCut in BehaveNet's layout. Not part of the repository.
const real = new URL('../../../../shared/data/mouse-openfield.hdf5', import.meta.url).pathname;
if (!existsSync(real)) process.stdout.write('skipped: the mouse-openfield.hdf5 beside the repository is absent\n');

test.skipIf(!existsSync(real))('reads real video of a mouse', async () => {
  const spec = hdf5(path.basename(real));
  const place = { roots: [path.dirname(real)] };
  const { facts, trials } = await openDataset(spec, place);
  expect(facts).toMatchObject({ trials: 29, height: 48, width: 64, channels: 1, labels: 8, labelMasks: true });
  expect(facts.frames).toEqual(Array(29).fill(32));
  for (const trial of trials) {
    expect(trial.frames).toHaveLength(32 * 48 * 64);
    // 4 labelled frames a trial.
    expect(trial.labelMasks!.reduce((sum, mask) => sum + mask, 0)).toBe(4 * 8);
  }
  const seen = trials.flatMap(({ labels, labelMasks }) => [...labels!].filter((_, i) => labelMasks![i] === 1));
  expect(seen.reduce((sum, value) => sum + value, 0) / seen.length).toBeCloseTo(0, 3);
  expect(seen.reduce((sum, value) => sum + value * value, 0) / seen.length).toBeCloseTo(1, 3);
});

const sessions = (...of: DatasetSpec[]): DatasetSpec => DatasetSchema.parse({ kind: 'sessions', sessions: of });

describe('sessions', () => {
  test('are the trials of one behind those of the other', async () => {
    await writeHdf5(path.join(root, 'monday.hdf5'), videoFile({ frames: [4, 6] }));
    await writeHdf5(path.join(root, 'tuesday.hdf5'), videoFile({ frames: [3, 5, 7] }));
    const both = sessions(hdf5('monday.hdf5'), hdf5('tuesday.hdf5'));
    const facts = await factsOf(both);
    expect(facts).toMatchObject({ kind: 'sessions', trials: 5, frames: [4, 6, 3, 5, 7], sessions: [2, 3], labels: 2 });
    const opened = await openDataset(both, { roots, expectedHash: facts.hash });
    expect(opened.facts).toEqual(facts);
    expect(opened.trials.map(({ nFrames }) => nFrames)).toEqual([4, 6, 3, 5, 7]);
    // Their order is theirs.
    expect((await factsOf(sessions(hdf5('tuesday.hdf5'), hdf5('monday.hdf5')))).hash).not.toBe(facts.hash);
    await writeHdf5(path.join(root, 'tuesday.hdf5'), videoFile({ frames: [3, 5, 8] }));
    const opening = openDataset(both, { roots, expectedHash: facts.hash });
    await expect(opening).rejects.toThrow('a session has changed since the sweep was submitted');
  });

  test('of other labels or another size are told, session by session', async () => {
    const two = sessions(behaviour(), behaviour({ labels: 3, seed: 1 }), behaviour({ height: 64, seed: 2 }));
    const answer = await inspectDataset(two, { roots });
    expect(answer).toEqual({
      faults: [
        {
          path: 'dataset.sessions.1',
          message: 'sessions differ in the number of labels',
          given: '3 labels',
          allowed: '2 labels, as in the first session: keep those that all sessions have, in the same order',
        },
        expect.objectContaining({ path: 'dataset.sessions.2', given: '1 x 64 x 32' }),
      ],
    });
    await expect(openDataset(two, { roots })).rejects.toThrow('sessions differ in the number of labels');
  });

  test('may be files that were fetched, by their sha256', async () => {
    const file = path.join(root, 'wednesday.hdf5');
    await writeHdf5(path.join(root, 'thursday.hdf5'), videoFile({ frames: [3, 5] }));
    await writeHdf5(file, videoFile({ frames: [4, 6] }));
    const hash = sha256(file);
    const { facts } = await openDataset(sessions(hdf5('thursday.hdf5'), hdf5('wednesday.hdf5')), { roots });
    const fetched = sessions(hdf5('thursday.hdf5'), hdf5(`sha256:${hash}`));
    const opened = await openDataset(fetched, { roots, files: { [hash]: file }, expectedHash: facts.hash });
    expect(opened.facts).toEqual(facts);
    await expect(openDataset(fetched, { roots })).rejects.toThrow('dataset.sessions.1.path');
  });

  test('what is wrong with one session is told with its place', async () => {
    const answer = await inspectDataset(sessions(behaviour(), hdf5('nowhere.hdf5')), { roots });
    expect(answer).toMatchObject({ faults: [{ path: 'dataset.sessions.1.path', given: 'nowhere.hdf5' }] });
  });

  test('a look brightens one corner and leaves the rest as it was; a plain set keeps its hash', async () => {
    const plain = await openDataset(behaviour({ noise: 0 }), { roots });
    const looking = await openDataset(behaviour({ noise: 0, look: 1 }), { roots });
    const [before, after] = [plain.trials[0]!.frames, looking.trials[0]!.frames];
    expect(after[0]! - before[0]!).toBeCloseTo(255 * 0.08, -1);
    expect(after[31]).toBe(before[31]);
    expect(looking.facts.hash).not.toBe(plain.facts.hash);
    const keys = {
      kind: 'behaviour',
      trials: 24,
      frames: 32,
      height: 32,
      width: 32,
      labels: 2,
      strength: 1,
      noise: 0.02,
    };
    const parameters = { ...keys, factors: ['posture', 'lighting'], masked: 0, seed: 0 };
    const identity = canonicalJson({ generator: 'behaviour', version: 1, parameters });
    expect((await factsOf(behaviour({ trials: 24 }))).hash).toBe(sha256Hex(identity));
  });
});
