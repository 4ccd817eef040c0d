import { describe, expect, test } from 'vitest';
import { evaluationOf } from '../testing/evaluation.js';
import { rolloutOf } from '../testing/rollout.js';
import { compose } from './compose.js';
import { hasFfmpeg, videoOf } from './ffmpeg.js';
import { gifOf } from './gif.js';
import { BLANK_FRAMES, framesOf } from './movie.js';
import { rolloutMovie } from './rollout.js';
import { comparisonMovie, traversalMovie } from './traversals.js';

const small = { labels: 1, unsupervised: 2, base: 2, steps: 4, height: 8, width: 10 };
const words = { title: 'title', subtitle: 'subtitle' };

test('each base frame goes up and down, the turning point twice, blanks between', () => {
  const movie = traversalMovie({ ...words, evaluation: evaluationOf(small), bases: null });
  const steps = framesOf(movie).map(({ scene, step }) => `${scene}${step ?? '-'}`);
  const blank = Array.from({ length: BLANK_FRAMES }, () => '0-');
  expect(steps).toEqual([
    '00',
    '01',
    '02',
    '03',
    '03',
    '02',
    '01',
    '00',
    ...blank,
    '10',
    '11',
    '12',
    '13',
    '13',
    '12',
    '11',
    '10',
  ]);
  expect(movie.panels.map(({ title }) => title)).toEqual(['label 1', 'latent 1', 'latent 2']);
});

test('models stand side by side, a row for each latent that no label explains', () => {
  const candidates = [1, 5].map((beta) => ({ name: `beta = ${beta}`, evaluation: evaluationOf(small) }));
  const movie = comparisonMovie({ ...words, candidates, base: 1, latents: 'unsupervised' });
  expect(movie.columns).toBe(2);
  expect(movie.panels.map(({ title }) => title)).toEqual([
    'beta = 1 · latent 1',
    'beta = 5 · latent 1',
    'beta = 1 · latent 2',
    'beta = 5 · latent 2',
  ]);
});

test.each([
  [2, 'base'],
  [7, 'base'],
])('base frame %i is refused', (base, option) => {
  const evaluation = evaluationOf(small);
  const refused = expect.objectContaining({ option, given: base, allowed: '0 to 1' });
  expect(() => traversalMovie({ ...words, evaluation, bases: [base] })).toThrow(refused);
  expect(() => comparisonMovie({ ...words, candidates: [{ name: 'x', evaluation }], base, latents: 'all' })).toThrow(
    refused,
  );
});

const has = (frame: Uint8Array, colour: number[]): boolean =>
  Buffer.from(frame).includes(Buffer.from([...colour, ...colour]));

describe('a rollout', () => {
  const rollout = rolloutOf({ clips: 2, frames: 4, given: 2 });

  test('runs once, forwards, beside the data, and stays at its end', () => {
    const movie = rolloutMovie({ ...words, rollout, clips: null });
    const steps = framesOf(movie).map(({ scene, step }) => `${scene}${step ?? '-'}`);
    const blank = Array.from({ length: BLANK_FRAMES }, () => '0-');
    expect(steps).toEqual([
      '00',
      '01',
      '02',
      '03',
      ...Array.from({ length: 6 }, () => '03'),
      ...blank,
      '10',
      '11',
      '12',
      '13',
      ...Array.from({ length: 6 }, () => '13'),
    ]);
    expect(movie.panels.map(({ title }) => title)).toEqual(['data', 'rollout']);
    expect(movie.scenes[1]).toBe('trial 7 from frame 0: 2 given (blue), 2 predicted (orange)');
  });

  test('has blue frames as long as it is given any, then orange ones', async () => {
    const film = await compose(rolloutMovie({ ...words, rollout, clips: [1] }));
    expect(film.framesPerSecond).toBe(16);
    expect(film.frames.slice(0, 4).map((frame) => [has(frame, [0, 114, 178]), has(frame, [213, 94, 0])])).toEqual([
      [true, false],
      [true, false],
      [false, true],
      [false, true],
    ]);
  });

  test('of a clip that is not there is refused', () => {
    expect(() => rolloutMovie({ ...words, rollout, clips: [2] })).toThrow(
      expect.objectContaining({ option: 'base', given: 2, allowed: '0 to 1' }),
    );
  });
});

describe.each([1, 2, 3])('a film of %i channels', (channels) => {
  const film = () =>
    compose(traversalMovie({ ...words, evaluation: evaluationOf({ ...small, channels }), bases: [0] }));

  test('holds the frames as they are, enlarged', async () => {
    const { width, height, channels: shown, frames } = await film();
    expect([width % 2, height % 2, shown, frames.length]).toEqual([0, 0, channels === 3 ? 3 : 1, 8]);
    const [low, high] = [frames[0]!, frames[3]!];
    expect(low).toHaveLength(width * height * shown);
    expect(low).not.toEqual(high);
    expect(frames[7]).toEqual(low);
  });

  test('gives the same GIF every time', async () => {
    const gif = gifOf(await film());
    expect(Buffer.from(gif.subarray(0, 6)).toString()).toBe('GIF89a');
    expect(gif.at(-1)).toBe(0x3b);
    expect(Buffer.compare(gif, gifOf(await film()))).toBe(0);
  });
});

test.for(['mp4', 'webm'] as const)('gives the same %s every time', async (format, { skip }) => {
  if (!(await hasFfmpeg())) skip('there is no ffmpeg');
  const film = await compose(traversalMovie({ ...words, evaluation: evaluationOf(small), bases: [0] }));
  const video = await videoOf(film, format);
  expect(Buffer.from(video.subarray(0, 64)).toString('latin1')).toContain(format === 'mp4' ? 'ftyp' : 'webm');
  expect(Buffer.compare(video, await videoOf(film, format))).toBe(0);
});

test('a film that ffmpeg cannot take says why', async ({ skip }) => {
  if (!(await hasFfmpeg())) skip('there is no ffmpeg');
  await expect(
    videoOf({ width: 3, height: 3, channels: 1, frames: [new Uint8Array(9)], framesPerSecond: 25 }, 'mp4'),
  ).rejects.toThrow(/ffmpeg failed .*(divisible|width)/s);
});
