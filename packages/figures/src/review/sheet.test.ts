import { createHash } from 'node:crypto';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { evaluationOf, type Sizes } from '../testing/evaluation.js';
import { evaluationBytes } from '../testing/npz.js';
import { curvesSamples, searchSamples } from '../testing/samples.js';
import { type ReviewCandidate, type ReviewData, reviewSheet } from './sheet.js';

const sizes: Sizes = {
  labels: 2,
  unsupervised: 2,
  base: 2,
  steps: 5,
  height: 8,
  width: 12,
  trials: 2,
  framesPerTrial: 4,
};

const candidate = (name: string, given: Partial<ReviewCandidate> = {}): ReviewCandidate => ({
  cellId: `cell of ${name}`,
  name,
  rank: 1,
  badge: null,
  why: null,
  metrics: [{ name: 'Label R²', value: '0.9', interval: '0.8 … 1', n: '2' }],
  runs: [
    { seed: 1, runId: 'a', value: '0.1', why: null, evaluation: evaluationBytes(evaluationOf(sizes)) },
    { seed: 2, runId: 'b', value: '–', why: 'crashed: no memory', evaluation: null },
  ],
  approve: `trawl approve sweep beta --cell ${name}`,
  curves: curvesSamples['one'] ?? null,
  ...given,
});

const sheet = (candidates: ReviewCandidate[]): string =>
  reviewSheet({
    title: 'review',
    facts: [['stage', 'beta']],
    candidates,
    leftOut: 0,
    searchResults: searchSamples['one'] ?? null,
  });

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const dataOf = (html: string): ReviewData =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '');

describe('a review sheet', () => {
  const html = sheet([candidate('beta = 1'), candidate('beta = 5', { badge: 'the rule’s choice', rank: 2 })]);

  test('needs nothing from elsewhere', () => {
    const links = [...html.matchAll(/\b(?:src|href|action|data)="([^"]*)"/g)].map(([, url = '']) => url.slice(0, 11));
    expect(new Set(links)).toEqual(new Set(['data:image/']));
    expect(html).not.toMatch(/@import|url\(|<link|<iframe/);
    expect(html.match(/ style="| on[a-z]+="/)).toBeNull();
  });

  test('allows its own script and style and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const script = /<script>(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      'img-src data:',
      `style-src ${hash(style)}`,
      `script-src ${hash(script)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  test('shows every candidate with scores, seeds and the command that chooses it', () => {
    expect(html.match(/<article /g)).toHaveLength(2);
    for (const text of [
      'trawl approve sweep beta --cell beta = 1',
      'trawl approve sweep beta --cell beta = 5',
      'crashed: no memory',
      '0.8 … 1',
      'rank 2',
    ]) {
      expect(html).toContain(text);
    }
    expect(html.match(/the rule’s choice/g)).toHaveLength(1);
  });

  test('holds the frames of every latent and step, those without a label first', () => {
    const { steps, width, height, bases, candidates } = dataOf(html);
    expect([steps, width, height, bases]).toEqual([
      5,
      12,
      8,
      ['base frame 1: trial 0, frame 11', 'base frame 2: trial 6, frame 11'],
    ]);
    expect(candidates[0]).toMatchObject({ latents: ['latent 1', 'latent 2', 'label 1', 'label 2'], unsupervised: 2 });
    const sprite = candidates[0]!.seeds[0]!.sprites[1]!;
    const png = decode(Buffer.from(sprite.slice(sprite.indexOf(',') + 1), 'base64'));
    expect([png.width, png.height]).toEqual([5 * 12, 4 * 8]);
    const frames = evaluationOf(sizes).traversal_frames.data;
    // Base frame 1, latent 1 (the third of four), step 4, its second row.
    const start = (((1 * 4 + 2) * 5 + 4) * 8 + 1) * 12;
    expect(Array.from(png.data.slice(5 * 12 + 4 * 12, 5 * 12 + 5 * 12))).toEqual(
      Array.from(frames.slice(start, start + 12)),
    );
  });
});

test('names cannot break out of their place', () => {
  const html = sheet([candidate('</script><script>alert(1)</script>"&')]);
  expect(html).not.toContain('<script>alert');
  expect(dataOf(html).candidates[0]?.name).toBe('</script><script>alert(1)</script>"&');
});

test('a stage that waits for nobody offers no command', () => {
  expect(sheet([candidate('a', { approve: null })]).includes('Choose it')).toBe(false);
});

test('without traversals it still shows the rest', () => {
  const html = sheet([candidate('beta = 1', { runs: [], curves: null, rank: null, why: 'incomplete' })]);
  expect(html).toContain('No run of this cell has left traversals.');
  expect(html).toContain('no rank: incomplete');
  expect(dataOf(html)).toMatchObject({ steps: 0, candidates: [{ seeds: [] }] });
});

test('what would make the file too large is left out, and it says so', () => {
  const all = { candidates: [candidate('a'), candidate('b')], title: '', facts: [], leftOut: 3, searchResults: null };
  const pixels = 2 * 2 * 4 * 5 * 8 * 12;
  const kept = (mostPixels: number): [number, number | undefined] => {
    const { bases, candidates } = dataOf(reviewSheet(all, mostPixels));
    return [bases.length, candidates[0]?.latents.length];
  };
  expect(kept(pixels)).toEqual([2, 4]);
  expect(kept(pixels - 1)).toEqual([1, 4]);
  expect(kept(pixels / 2 - 1)).toEqual([1, 2]);
  const html = reviewSheet(all, pixels / 2 - 1);
  const notes = ['it shows 1 of 2 base frames.', 'it leaves out the latents of labels.', '3 more cells, ranked lower'];
  expect(notes.map((note) => html.includes(note))).toEqual([true, true, true]);
});
