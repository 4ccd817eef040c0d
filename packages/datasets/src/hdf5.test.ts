import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { File, ready } from 'h5wasm/node';
import { afterAll, describe, expect, test } from 'vitest';
import { DatasetError } from './errors.js';
import { inspectHdf5, loadHdf5 } from './hdf5.js';
import { trialName, videoFile, writeHdf5 } from './testing/hdf5.js';
import type { TestArray, TestFile } from './testing/hdf5.js';

const folder = mkdtempSync(path.join(tmpdir(), 'trawl-hdf5-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
async function written(content: TestFile): Promise<string> {
  const file = path.join(folder, `${files++}.hdf5`);
  await writeHdf5(file, content);
  return file;
}

const inspect = (file: string) => inspectHdf5(file, 'dataset.path');
const load = (file: string) => loadHdf5(file, 'dataset.path');
const sound = () => videoFile({ frames: [4, 3, 5] });
const floats = (values: number[], columns: number): TestArray => ({
  data: Float32Array.from(values),
  shape: [values.length / columns, columns],
});

/** Made with h5py; it names /etc/passwd or a file that is not there. */
const crafted = (name: string) => fileURLToPath(new URL(`../test/fixtures/${name}.hdf5`, import.meta.url));

/** A sound file with one dataset put in place of another (or added). */
function broken(group: string, name: string, array: TestArray): TestFile {
  const file = sound();
  return { ...file, [group]: { ...file[group], [name]: array } };
}

function without(group: string, name: string): TestFile {
  const file = sound();
  const { [name]: _, ...rest } = file[group] ?? {};
  return { ...file, [group]: rest };
}

async function faults(file: string) {
  const answer = await inspect(file);
  if (!('faults' in answer)) throw new Error('taken as sound');
  await expect(load(file)).rejects.toThrow(DatasetError);
  for (const fault of answer.faults) expect(fault.path).toBe('dataset.path');
  return answer.faults.map(({ message, given, allowed }) => [message, given, allowed].join(' | '));
}

describe('a sound file', () => {
  test('is described without its frames', async () => {
    const file = await written(videoFile({ frames: [4, 3, 5], channels: 2, labels: 3 }));
    expect(await inspect(file)).toEqual({
      facts: {
        trials: 3,
        frames: [4, 3, 5],
        height: 6,
        width: 8,
        channels: 2,
        labels: 3,
        labelMasks: false,
        frameMasks: false,
      },
    });
  });

  test('gives its frames channels last, and its labels', async () => {
    const { trials } = await load(await written(videoFile({ frames: [4, 3], channels: 2 })));
    const trial = trials[1]!;
    expect(trial).toMatchObject({ nFrames: 3, labelMasks: null, frameMasks: null, factors: null });
    expect(trial.frames).toHaveLength(3 * 6 * 8 * 2);
    for (const [t, c, y, x] of [
      [0, 0, 0, 0],
      [2, 1, 5, 7],
      [1, 0, 3, 2],
      [1, 1, 3, 2],
    ] as const) {
      expect(trial.frames[((t * 6 + y) * 8 + x) * 2 + c]).toBe(1 + 7 * t + 50 * c + 3 * y + x);
    }
    expect([...trial.labels!]).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('may be compressed, skip numbers and have groups of other tools', async () => {
    const { images, labels } = sound();
    const file = await written({
      images: { trial_0012: { ...images!['trial_0001']!, gzip: true }, trial_0003: images!['trial_0000']! },
      labels: { trial_0003: labels!['trial_0000']!, trial_0012: { ...labels!['trial_0001']!, gzip: true } },
      labels_sc: { anything: floats([1, 2, 3], 1) },
      neural: { trial_0003: floats([1, 2], 2) },
    });
    const { facts, trials } = await load(file);
    expect(facts.frames).toEqual([4, 3]);
    expect(trials[1]!.labels![0]).toBe(2);
    expect(trials[1]!.frames[0]).toBe(1);
  });

  test('may have no labels: that is for the model to refuse', async () => {
    const { images } = sound();
    expect(await inspect(await written({ images: images! }))).toMatchObject({ facts: { labels: 0 } });
    const empty = await load(await written({ images: images!, labels: {} }));
    expect(empty.facts).toMatchObject({ labels: 0, labelMasks: false });
    expect(empty.trials[0]!.labels).toBeNull();
  });

  test('may hold labels and masks as doubles, integers and booleans', async () => {
    const file = sound();
    const masks = Object.fromEntries(
      [4, 3, 5].map((n, i) => [trialName(i), { data: new Int8Array(n * 2).fill(1), shape: [n, 2] }]),
    );
    masks['trial_0000']!.data[3] = 0;
    const { facts, trials } = await load(
      await written({
        ...file,
        labels: {
          ...file['labels'],
          trial_0000: { data: Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]), shape: [4, 2] },
          trial_0001: { data: BigInt64Array.from([1n, 2n, 3n, 4n, 5n, -6n]), shape: [3, 2] },
        },
        labels_masks: masks,
      }),
    );
    expect(facts.labelMasks).toBe(true);
    expect([...trials[0]!.labels!]).toEqual([1, 2, 3, 0, 5, 6, 7, 8]);
    expect([...trials[0]!.labelMasks!]).toEqual([1, 1, 1, 0, 1, 1, 1, 1]);
    expect([...trials[1]!.labels!]).toEqual([1, 2, 3, 4, 5, -6]);
  });

  test('masks labels that are not finite, with or without a mask of theirs', async () => {
    const content = broken('labels', 'trial_0001', floats([1, NaN, 3, 4, Infinity, 6], 2));
    const bare = await load(await written(content));
    expect(bare.facts.labelMasks).toBe(true);
    expect([...bare.trials[1]!.labels!]).toEqual([1, 0, 3, 4, 0, 6]);
    expect([...bare.trials[1]!.labelMasks!]).toEqual([1, 0, 1, 1, 0, 1]);
    expect([...bare.trials[0]!.labelMasks!]).toEqual(Array(8).fill(1));

    const ones = Object.fromEntries([4, 3, 5].map((n, i) => [trialName(i), floats(Array(n * 2).fill(1), 2)]));
    const masked = await load(await written({ ...content, labels_masks: ones }));
    expect([...masked.trials[1]!.labelMasks!]).toEqual([1, 0, 1, 1, 0, 1]);
  });

  test('has a mask for every frame, channels last', async () => {
    const file = videoFile({ frames: [2], channels: 2, height: 1, width: 3 });
    const mask = { data: Uint8Array.from([1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1]), shape: [2, 2, 1, 3] };
    const { facts, trials } = await load(await written({ ...file, masks: { trial_0000: mask } }));
    expect(facts.frameMasks).toBe(true);
    expect([...trials[0]!.frameMasks!]).toEqual([1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1]);
  });

  test('may be open several times at once', async () => {
    const paths = [await written(sound()), await written(videoFile({ frames: [2, 2] }))];
    const answers = await Promise.all([...paths, ...paths, ...paths].map((file) => load(file)));
    expect(answers.map(({ trials }) => trials.length)).toEqual([3, 2, 3, 2, 3, 2]);
    rmSync(paths[1]!);
    await writeHdf5(paths[1]!, videoFile({ frames: [9] }));
    expect((await load(paths[1]!)).facts.frames).toEqual([9]);
  });

  test('may lie beyond 4 GiB', async () => {
    // HDF5 looks for its signature at every power of two, so a hole in front moves every address up.
    const file = path.join(folder, 'far.hdf5');
    const content = readFileSync(await written(sound()));
    const handle = await open(file, 'w');
    await handle.write(content, 0, content.length, 2 ** 32);
    await handle.close();
    const { trials } = await load(file);
    expect(trials[2]!.frames[0]).toBe(2);
    expect(trials).toHaveLength(3);
  });
});

describe('a broken file is refused', () => {
  test('no HDF5 file, empty, cut off, damaged', async () => {
    const file = path.join(folder, 'broken.hdf5');
    writeFileSync(file, 'hello '.repeat(1000));
    expect(await faults(file)).toEqual([expect.stringMatching(/^not an HDF5 file \| .*BehaveNet/)]);
    writeFileSync(file, '');
    expect(await faults(file)).toEqual([expect.stringMatching(/^the file is empty/)]);
    const whole = readFileSync(await written(sound()));
    writeFileSync(file, whole.subarray(0, whole.length - 100));
    expect(await faults(file)).toEqual([
      expect.stringMatching(`cut off: it has ${whole.length - 100} bytes, its header says ${whole.length}; copy it`),
    ]);
    // The header survives, everything behind it does not.
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 100);
    writeFileSync(file, damaged);
    expect(await faults(file)).toEqual([expect.stringMatching(/^the HDF5 library cannot open it/)]);
  });

  test('values that cannot be read never come out as whatever stood in memory', async () => {
    const data = Float32Array.from({ length: 4096 }, (_, i) => i * 0.37);
    const content = videoFile({ frames: [4096] });
    const file = await written({
      ...content,
      labels: { trial_0000: { data, shape: [4096, 1], gzip: true } },
    });
    const bytes = readFileSync(file);
    const zlib = [0x78, 0xda];
    for (let i = 2000; i < bytes.length - 40; i++) {
      if (bytes[i] === zlib[0] && bytes[i + 1] === zlib[1]) bytes.fill(0xee, i, i + 8);
    }
    writeFileSync(file, bytes);
    expect(await faults(file)).toEqual([expect.stringMatching(/labels\/trial_0000: its values cannot be read/)]);
  });

  test.each<[string, TestFile, RegExp]>([
    ['no group images', { frames: {}, labels: {} }, /^no group images \| groups frames, labels \| .*trial_0000/],
    ['no groups', {}, /^no group images \| no groups/],
    ['no trials', { images: {} }, /^the group images holds no trials/],
    [
      'a stray name',
      broken('images', 'frame_1', floats([1], 1)),
      /^images holds something that is no trial \| images\/frame_1/,
    ],
    ['a trial without labels', without('labels', 'trial_0001'), /^a trial without labels \| images\/trial_0001/],
    [
      'labels without images',
      without('images', 'trial_0001'),
      /^labels of a trial without images \| labels\/trial_0001/,
    ],
    [
      'label counts differ',
      broken('labels', 'trial_0001', floats([1, 2, 3], 1)),
      /^trials differ in the number of labels \| labels\/trial_0001: \(3, 1\) \| \(frames, 2\)/,
    ],
    [
      'too few rows of labels',
      broken('labels', 'trial_0001', floats([1, 2, 3, 4], 2)),
      /^labels that do not fit their images \| labels\/trial_0001: \(2, 2\) \| \(3, labels\)/,
    ],
    [
      'frame sizes differ',
      broken('images', 'trial_0002', { data: new Uint8Array(5 * 6 * 7), shape: [5, 1, 6, 7] }),
      /^frames differ in size between trials \| images\/trial_0002: \(5, 1, 6, 7\) \| \(frames, 1, 6, 8\)/,
    ],
    [
      'float images',
      broken('images', 'trial_0001', { data: new Float32Array(3 * 6 * 8), shape: [3, 1, 6, 8] }),
      /^images are not uint8 \| images\/trial_0001: float32 \| uint8, 0\.\.255: scale to 0\.\.255/,
    ],
    [
      'integer images',
      broken('images', 'trial_0001', { data: new Int32Array(3 * 6 * 8), shape: [3, 1, 6, 8] }),
      /^images are not uint8 \| images\/trial_0001: int32 \| .*np\.clip\(images, 0, 255\)/,
    ],
    [
      'no channel axis',
      broken('images', 'trial_0001', { data: new Uint8Array(3 * 6 * 8), shape: [3, 6, 8] }),
      /^images of the wrong form \| images\/trial_0001: \(3, 6, 8\) \| .*images\[:, None\]/,
    ],
    [
      'channels last',
      broken('images', 'trial_0001', { data: new Uint8Array(3 * 6 * 8), shape: [3, 6, 8, 1] }),
      /^images seem to have their channels last \| .*transpose\(0, 3, 1, 2\)/,
    ],
    [
      'no frames',
      broken('images', 'trial_0001', { data: new Uint8Array(0), shape: [0, 1, 6, 8] }),
      /^a trial without frames \| images\/trial_0001/,
    ],
    [
      'label mask of another shape',
      {
        ...sound(),
        labels_masks: Object.fromEntries([4, 3, 4].map((n, i) => [trialName(i), floats(Array(n * 2).fill(1), 2)])),
      },
      /^labels_masks of another shape than what they mask \| labels_masks\/trial_0002: \(4, 2\) \| \(5, 2\)/,
    ],
    [
      'label mask of other values',
      {
        ...sound(),
        labels_masks: Object.fromEntries([4, 3, 5].map((n, i) => [trialName(i), floats(Array(n * 2).fill(0.5), 2)])),
      },
      /^a mask of other values \| labels_masks\/trial_0000 holds 0\.5 \| 0 or 1/,
    ],
    [
      'label masks of some trials',
      { ...sound(), labels_masks: { trial_0000: floats(Array(8).fill(1), 2) } },
      /^a trial without labels_masks \| images\/trial_0001, and 1 more/,
    ],
    [
      'frame mask of other values',
      {
        ...videoFile({ frames: [2] }),
        masks: { trial_0000: { data: new Uint8Array(96).fill(255), shape: [2, 1, 6, 8] } },
      },
      /holds 255 \| 0 or 1/,
    ],
    [
      'constant label',
      { ...videoFile({ frames: [2] }), labels: { trial_0000: floats([1, 5, 2, 5], 2) } },
      /^a label that never changes \| column 1 of labels: always 5/,
    ],
    [
      'label always masked',
      { ...videoFile({ frames: [2] }), labels: { trial_0000: floats([1, NaN, 2, NaN], 2) } },
      /^a label without a single value \| column 1/,
    ],
  ])('%s', async (_, content, expected) => {
    expect((await faults(await written(content)))[0]).toMatch(expected);
  });

  test('every fault at once, the same one in many trials as one', async () => {
    const content = videoFile({ frames: [2, 2, 2, 2] });
    for (const n of [1, 2, 3]) {
      content['images']![trialName(n)] = { data: new Float32Array(2 * 48), shape: [2, 1, 6, 8] };
    }
    content['labels']!['trial_0002'] = floats([1, 2, 3], 1);
    expect(await faults(await written(content))).toEqual([
      expect.stringMatching(/^images are not uint8 \| images\/trial_0001: float32, and 2 more/),
      expect.stringMatching(/^labels that do not fit their images/),
    ]);
  });

  test('a link is no trial and no group: it may lead out of the data roots', async () => {
    const other = await written(sound());
    await ready;
    const linked = await written(sound());
    let handle = new File(linked, 'a');
    handle.create_external_link(other, '/images/trial_0000', '/images/trial_0003');
    handle.create_soft_link('/images/trial_0000', '/images/trial_0004');
    handle.close();
    expect(await faults(linked)).toContainEqual(
      expect.stringMatching(/^images holds a trial that is no dataset \| images\/trial_0003, and 1 more/),
    );
    const hollow = await written({ labels: {} });
    handle = new File(hollow, 'a');
    handle.create_external_link(other, '/images', '/images');
    handle.close();
    expect(await faults(hollow)).toEqual([expect.stringMatching(/^no group images/)]);
  });

  test.each([
    ['external-images', /^images that cannot be read \| images\/trial_0000 \| its values stand in another file/],
    ['external-labels', /^labels that cannot be read \| labels\/trial_0000 \| its values stand in another file/],
    ['virtual-images', /^images that cannot be read \| images\/trial_0000 \| a virtual dataset/],
  ])('%s: no other file is read, whatever the file says', async (name, expected) => {
    const seen: string[] = [];
    const { FS } = await ready;
    // oxlint-disable-next-line typescript/unbound-method -- a function of the module, which does not use `this`
    const { open: before } = FS;
    FS.open = (file, ...rest) => {
      seen.push(file);
      return before(file, ...rest);
    };
    try {
      expect((await faults(crafted(name)))[0]).toMatch(expected);
    } finally {
      FS.open = before;
    }
    expect(new Set(seen)).toEqual(new Set([crafted(name)]));
  });
});
