import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatasetSchema } from '@trawl/spec';
import { encode } from 'fast-png';
import { afterAll, describe, expect, test } from 'vitest';
import { inspectDataset } from '../inspect.js';
import { openDataset } from '../open.js';
import { testPixels, testPng, testVideo, writeFiles } from '../testing/frames.js';

const root = mkdtempSync(path.join(tmpdir(), 'trawl-frames-'));
const roots = [root];
afterAll(() => rmSync(root, { recursive: true }));

const spec = (given: object) => DatasetSchema.parse({ kind: 'frames', ...given });
const write = (files: Record<string, Uint8Array | string>): void => writeFiles(root, files);

async function factsOf(given: object) {
  const answer = await inspectDataset(spec(given), { roots });
  if ('faults' in answer) throw new Error(JSON.stringify(answer.faults));
  return answer.facts;
}

async function faultOf(given: object) {
  const answer = await inspectDataset(spec(given), { roots });
  if (!('faults' in answer)) throw new Error('was taken');
  expect(answer.faults).toHaveLength(1);
  const [{ path: at, message, given: found, allowed } = { path: '', message: '', given: '', allowed: '' }] =
    answer.faults;
  expect(at).toBe('dataset.path');
  // Where the service keeps its data is nobody's business.
  expect(JSON.stringify(answer.faults)).not.toContain(root);
  await expect(openDataset(spec(given), { roots })).rejects.toThrow(message);
  return `${message} | ${String(found)} | ${allowed}`;
}

describe('a folder of folders of frames', () => {
  write({
    ...testVideo('videos/b', 11),
    ...testVideo('videos/a10', 3),
    ...testVideo('videos/a9', 4),
    'videos/notes.txt': 'x',
  });

  test('is a trial a video, split by the seed, frames in the order that people count in', async () => {
    const facts = await factsOf({ path: 'videos' });
    expect(facts).toMatchObject({ kind: 'frames', trials: 3, height: 8, width: 10, channels: 3, labels: 0 });
    expect(facts.frames.toSorted((a, b) => a - b)).toEqual([3, 4, 11]);
    expect(facts.splits).toEqual({ train: [0], val: [1], test: [2] });
    const { trials, facts: opened } = await openDataset(spec({ path: 'videos' }), { roots, expectedHash: facts.hash });
    expect(opened).toEqual(facts);
    const longest = trials.find(({ nFrames }) => nFrames === 11);
    // 10.png is the last, not the third.
    expect(longest?.frames.subarray(10 * 240)).toEqual(testPixels({ seed: 10 }));
  });

  test('splits otherwise by another seed, and keeps its hash when it moves', async () => {
    const orders = await Promise.all(
      [0, 1, 2, 3].map(async (seed) => (await factsOf({ path: 'videos', seed })).frames.join()),
    );
    expect(new Set(orders).size).toBeGreaterThan(1);
    write({ ...testVideo('moved/b', 11), ...testVideo('moved/a10', 3), ...testVideo('moved/a9', 4) });
    expect((await factsOf({ path: 'moved' })).hash).toBe((await factsOf({ path: 'videos' })).hash);
  });

  test('can be cut into clips, and the rest is left out', async () => {
    expect(await factsOf({ path: 'videos', clip: 3, val: 1 })).toMatchObject({
      frames: [3, 3, 3, 3, 3],
      splits: { train: [0, 1, 2], val: [3], test: [4] },
    });
    expect(await faultOf({ path: 'videos', clip: 4 })).toBe(
      'a video shorter than a clip | a10: 3 frames | clip of at most 3, or longer videos',
    );
  });

  test('is known by its content: a worker sees one changed byte', async () => {
    write(testVideo('changing/a', 2));
    write({ ...testVideo('changing/b', 2), ...testVideo('changing/c', 2) });
    const { hash } = await factsOf({ path: 'changing' });
    write({ 'changing/b/1.png': testPng({ seed: 9 }) });
    await expect(openDataset(spec({ path: 'changing' }), { roots, expectedHash: hash })).rejects.toThrow(
      'dataset.path: files have changed since the sweep was submitted',
    );
  });
});

test('a folder of pictures is a trial a picture; size resizes them, each from what it is', async () => {
  write({
    'pictures/train/a.png': testPng({ height: 16, width: 16 }),
    'pictures/train/b.png': testPng({ height: 9, width: 20 }),
    'pictures/valid/c.png': testPng({ height: 8, width: 8, seed: 5 }),
  });
  expect(await faultOf({ path: 'pictures' })).toBe(
    'frames of different sizes | train/b.png is 9 x 20, train/a.png 16 x 16 | frames of one size, or a size that all are resized to',
  );
  const { facts, trials } = await openDataset(spec({ path: 'pictures', size: 8 }), { roots });
  expect(facts).toMatchObject({ frames: [1, 1, 1], height: 8, splits: { train: [0, 1], val: [2], test: [] } });
  expect(trials[2]?.frames).toEqual(testPixels({ height: 8, width: 8, seed: 5 }));
});

test('transparency is dropped; grey stays grey, for the model to refuse', async () => {
  write({ ...testVideo('rgba/train/a', 2, { channels: 4 }), ...testVideo('rgba/val/a', 2, { channels: 4 }) });
  const { facts, trials } = await openDataset(spec({ path: 'rgba' }), { roots });
  expect(facts.channels).toBe(3);
  expect([...(trials[0]?.frames.subarray(0, 6) ?? [])]).toEqual(
    [0, 38, 78, 164, 210, 0].map((_, i) => testPixels({ channels: 4 })[i < 3 ? i : i + 1]),
  );
  write({ ...testVideo('grey/train/a', 2, { channels: 1 }), ...testVideo('grey/val/a', 2, { channels: 2 }) });
  expect(await factsOf({ path: 'grey' })).toMatchObject({ channels: 1 });
  write({ ...testVideo('mixed/train/a', 2), ...testVideo('mixed/val/a', 1, { channels: 1 }) });
  expect(await faultOf({ path: 'mixed' })).toMatch(/^grey and colour are mixed \| val\/a\/0.png has 1 channels, train/);
});

const named = (frame: number) => `test_${frame}.png`;
const inverted = (seed: number) => testPixels({ seed }).map((value) => 255 - value);

describe('the layouts of DDLP', () => {
  test('obj3d: folders of 100 frames test_k.png', async () => {
    write({ ...testVideo('obj3d/train/0', 101, {}, named), ...testVideo('obj3d/val/0', 100, {}, named) });
    expect(await factsOf({ path: 'obj3d', layout: 'obj3d', size: 16 })).toMatchObject({
      frames: [100, 100],
      height: 16,
    });
    rmSync(path.join(root, 'obj3d/train/0/test_57.png'));
    expect(await faultOf({ path: 'obj3d', layout: 'obj3d' })).toMatch(
      /^frames are missing \| train\/0: number 57, before test_58.png/,
    );
    write(testVideo('short/train/7', 99, {}, named));
    write(testVideo('short/val/0', 100, {}, named));
    expect(await faultOf({ path: 'short', layout: 'obj3d' })).toBe(
      'a video that is too short for this layout | train/7: 99 frames | at least 100 frames',
    );
    expect(await faultOf({ path: 'short', layout: 'phyre' })).toMatch(
      /^a frame that is not called .*test_0.png \| as 17.png$/,
    );
    expect(await faultOf({ path: 'videos', layout: 'obj3d' })).toMatch(
      /^lacks the folders of this layout \| a9\/, a10\/, b\//,
    );
  });

  test('phyre: without the last 30, drawn out to 100, colours inverted', async () => {
    write({ ...testVideo('phyre/train/3', 34), ...testVideo('phyre/valid/4', 131), ...testVideo('phyre/test/5', 31) });
    const { facts, trials } = await openDataset(spec({ path: 'phyre', layout: 'phyre' }), { roots });
    expect(facts.frames).toEqual([100, 100, 100]);
    const seen = (trial: number, frame: number) => trials[trial]?.frames.subarray(frame * 240, (frame + 1) * 240);
    expect(seen(0, 0)).toEqual(inverted(0));
    expect(seen(0, 3)).toEqual(inverted(3));
    expect(seen(0, 99)).toEqual(inverted(3));
    expect(seen(1, 99)).toEqual(inverted(99));
    write(testVideo('phyre/train/6', 30));
    expect(await faultOf({ path: 'phyre', layout: 'phyre' })).toMatch(/train\/6: 30 frames \| at least 31 frames$/);
  });

  test('traffic: one array, four fifths a video, the rest in episodes of 50', async () => {
    const head = npyHead('510, 2, 2, 3');
    const pixels = Uint8Array.from({ length: 510 * 12 }, (_, i) => Math.floor(i / 12) % 251);
    write({ 'traffic.npy': Buffer.concat([head, pixels]), 'cut.npy': Buffer.concat([head, pixels.subarray(1)]) });
    const given = { path: 'traffic.npy', layout: 'traffic' };
    const { facts, trials } = await openDataset(spec(given), { roots, expectedHash: (await factsOf(given)).hash });
    expect(facts).toMatchObject({ frames: [408, 50, 50], splits: { train: [0], val: [1], test: [2] } });
    expect(trials[1]?.frames[0]).toBe(408 % 251);
    expect(trials[2]?.frames.at(-1)).toBe(508 % 251);
    expect((await factsOf({ ...given, clip: 20, train: 3, val: 1 })).frames).toEqual([20, 20, 20, 20, 20, 20]);
    expect(await faultOf({ ...given, path: 'cut.npy' })).toMatch(/^the array is cut off/);
    expect(await faultOf({ ...given, clip: 60 })).toMatch(/^too few frames/);
  });
});

describe('movies', () => {
  const has = spawnSync('ffmpeg', ['-version']).status === 0 && spawnSync('ffprobe', ['-version']).status === 0;

  test.skipIf(!has)('clevrer: frames 18 to 117 of each', async () => {
    // Frame n has the grey 16 + 1.5 n.
    const made = 'color=black:size=32x24:rate=25:duration=4.8,format=yuv420p,geq=lum=16+1.5*N:cb=128:cr=128';
    const [first, second] = ['train/0.mp4', 'valid/1.mp4'].map((file) => path.join(root, 'clevrer', file));
    for (const file of [first!, second!]) mkdirSync(path.dirname(file), { recursive: true });
    const how = ['-threads', '1', '-c:v', 'mpeg4', '-q:v', '2'];
    spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', made, ...how, first!]);
    copyFileSync(first!, second!);
    const given = spec({ path: 'clevrer', layout: 'clevrer', size: 16 });
    const { facts, trials } = await openDataset(given, { roots });
    expect(facts).toMatchObject({ frames: [100, 100], height: 16, width: 16, channels: 3 });
    const grey = (frame: number): number => ((trials[1]?.frames[frame * 768] ?? 0) * 219) / 255 + 16;
    expect(Math.round((grey(0) - 16) / 1.5)).toBe(18);
    // What is left of the movie's own loss is less than a frame's step.
    expect(Math.abs((grey(99) - 16) / 1.5 - 117)).toBeLessThan(1);
    writeFileSync(second!, 'no movie');
    expect(await inspectDataset(given, { roots })).toMatchObject({
      faults: [{ message: 'a movie that ffmpeg cannot read', given: 'valid/1.mp4' }],
    });
  });

  test('without ffmpeg the cure is named', async () => {
    write({ 'mp4/train/a.mp4': 'x', 'mp4/val/a.mp4': 'x' });
    const { PATH } = process.env;
    process.env['PATH'] = root;
    try {
      expect(await faultOf({ path: 'mp4' })).toMatch(
        /^movies need ffmpeg, which is not here \| train\/a.mp4 \| ffmpeg and ffprobe on the PATH of the service, or the frames/,
      );
    } finally {
      process.env['PATH'] = PATH;
    }
  });
});

describe('bad folders', () => {
  const whole = testPng({});
  const flipped = Buffer.from(whole);
  flipped[Math.floor(flipped.length / 2)]! ^= 1;
  write({
    ...testVideo('sick/train/a', 30),
    ...testVideo('sick/val/b', 3),
    'sick/train/a/12.png': flipped,
    'sick/train/a/20.png': whole.subarray(0, 60),
    'sick/val/b/1.png': 'hello',
    ...testVideo('sizes/train/a', 3),
    ...testVideo('sizes/val/b', 3),
    'sizes/train/a/1.png': testPng({ height: 9 }),
    'other/train/a/1.bmp': 'x',
    ...testVideo('other/val/b', 1),
    ...testVideo('noval/train/a', 1),
    ...testVideo('both/train', 1),
    ...testVideo('both/train/a', 1),
    ...testVideo('both/val', 1),
    ...testVideo('deep/a/b/c', 1),
    ...testVideo('one/a', 5),
    'deep16.png': encoded16(),
    'sixteen/train/a.png': encoded16(),
    'sixteen/val/a.png': encoded16(),
  });
  mkdirSync(path.join(root, 'empty'));
  mkdirSync(path.join(root, 'links/val'), { recursive: true });
  symlinkSync('/etc', path.join(root, 'links/train'));

  test.each([
    ['empty', 'holds no frames | the folder: empty | a folder of PNG'],
    ['other', 'a video without frames | train/a: 1.bmp | a folder'],
    ['noval', 'has no validation folder | train/ | folders train, val'],
    ['both', 'mixes frames with folders or movies | train: a/, 0.png | a folder'],
    ['deep', 'folders below those of videos | a: b/ | a folder'],
    ['one', 'too few videos to split | 1 video by 8:1:1 | more videos, clips of them (clip), or folders'],
    ['links', 'a link that leaves its data root | train | links within'],
    ['vidoes', 'does not exist | vidoes | videos, '],
    ['deep16.png', 'not a folder | deep16.png | a folder of frames'],
    [
      'sixteen',
      'frames that cannot be read | train/a.png: of 16 bits a sample; val/a.png: of 16 bits a sample | whole PNG',
    ],
    [
      'sick',
      'frames that cannot be read | train/a/12.png: damaged: its checksum is wrong; train/a/20.png: cut off; val/b/1.png: neither PNG nor JPEG | whole PNG or JPEG files of 8 bits a sample',
    ],
  ])('%s is refused before anything trains', async (name, words) => {
    const answer = await inspectDataset(spec({ path: name }), { roots });
    const [fault] = 'faults' in answer ? answer.faults : [];
    expect(`${fault?.message} | ${String(fault?.given)} | ${fault?.allowed}`).toContain(words);
    await expect(openDataset(spec({ path: name }), { roots })).rejects.toThrow(/^dataset.path: /);
  });

  test('one size in each video, even where frames are resized', async () => {
    expect(await faultOf({ path: 'sizes', size: 8 })).toBe(
      'frames of different sizes | train/a/1.png is 9 x 10, train/a/0.png 8 x 10 | frames of one size in each video',
    );
  });

  test('more than a trainer should hold is refused before it is read', async () => {
    write({ 'large.npy': npyHead('6000, 512, 512, 3') });
    truncateSync(path.join(root, 'large.npy'), 128 + 6000 * 512 * 512 * 3);
    expect(await faultOf({ path: 'large.npy', layout: 'traffic' })).toMatch(
      /^a set too large for memory \| 6000 frames x 512 x 512 x 3 = 4718592000 bytes \| up to 4294967296 bytes: a smaller size/,
    );
  });

  // The superuser may read everything.
  test.skipIf(process.getuid?.() === 0)('what the service may not read is named', async () => {
    write({ ...testVideo('secret/train/a', 2), ...testVideo('secret/val/a', 2) });
    chmodSync(path.join(root, 'secret/val/a/1.png'), 0);
    expect(await faultOf({ path: 'secret' })).toMatch(/^the service may not read it \| val\/a\/1.png/);
    chmodSync(path.join(root, 'secret/val/a'), 0);
    expect(await faultOf({ path: 'secret' })).toMatch(/^the service may not read it \| val\/a/);
    chmodSync(path.join(root, 'secret/val/a'), 0o755);
  });
});

/** What stands before the bytes of an array. */
function npyHead(shape: string): Buffer {
  const words = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}), }`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0]);
  return Buffer.concat([start, Buffer.from(`${words.padEnd(117)}\n`)]);
}

function encoded16(): Buffer {
  return Buffer.from(encode({ height: 2, width: 2, channels: 3, depth: 16, data: new Uint16Array(12) }));
}
