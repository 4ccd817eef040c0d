import { createRequire } from 'node:module';
import { openSync } from 'fontkit';
import { describe, expect, test } from 'vitest';
import { PAGE_WIDTH, Scene } from './draw/scene.js';
import { wordsOf } from './movies/compose.js';
import * as figures from './index.js';
import * as samples from './testing/samples.js';

/* Reads the SVG as a viewer does, with the font's own measures: every text legible, on the page and free of others. */

const require = createRequire(import.meta.url);
const open = (file: string) => {
  const font = openSync(require.resolve(`dejavu-fonts-ttf/ttf/${file}.ttf`));
  if (!('layout' in font)) throw new Error(`${file} is a collection`);
  return font;
};
const NORMAL = open('DejaVuSansCondensed');
const BOLD = open('DejaVuSansCondensed-Bold');

interface TextBox {
  text: string;
  size: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' };

function textBoxes(svg: string): TextBox[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', raw = '']) => {
    const attribute = (name: string): string | undefined =>
      new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1];
    const text = raw.replaceAll(/&(lt|gt|quot|amp);/g, (entity) => ENTITIES[entity] ?? entity);
    const size = Number(attribute('font-size'));
    const font = attribute('font-weight') === 'bold' ? BOLD : NORMAL;
    const em = size / font.unitsPerEm;
    const { advanceWidth, bbox } = font.layout(text);
    const width = advanceWidth * em;
    expect(Number(attribute('textLength'))).toBeCloseTo(width, 1);
    const anchor = attribute('text-anchor') ?? 'start';
    const before = anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0;
    const [x, y] = [Number(attribute('x')), Number(attribute('y'))];
    const ink = { above: bbox.maxY * em, below: -bbox.minY * em };
    if (attribute('transform') === undefined) {
      return { text, size, left: x - before, right: x - before + width, top: y - ink.above, bottom: y + ink.below };
    }
    return { text, size, left: x - ink.above, right: x + ink.below, top: y + before - width, bottom: y + before };
  });
}

function pageOf(svg: string): { width: number; height: number } {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height) };
}

/** Rounding to 0.01 pt and hairline touches. */
const SLACK = 0.15;

function complaints(svg: string): string[] {
  const { width, height } = pageOf(svg);
  const boxes = textBoxes(svg);
  const found: string[] = [];
  for (const [i, a] of boxes.entries()) {
    if (a.size < 6) found.push(`${a.text}: ${a.size} pt`);
    if (a.left < -SLACK || a.right > width + SLACK || a.top < -SLACK || a.bottom > height + SLACK) {
      found.push(`${a.text}: leaves the page`);
    }
    for (const b of boxes.slice(i + 1)) {
      const apart =
        a.right <= b.left + SLACK ||
        b.right <= a.left + SLACK ||
        a.bottom <= b.top + SLACK ||
        b.bottom <= a.top + SLACK;
      if (!apart) found.push(`${a.text} overlaps ${b.text}`);
    }
  }
  return found;
}

const drawn: [string, string][] = [
  ...Object.entries(samples.searchSamples).map(
    ([name, of]) => [`search results, ${name}`, figures.searchResults(of)] as const,
  ),
  ...Object.entries(samples.curvesSamples).map(
    ([name, of]) => [`training curves, ${name}`, figures.trainingCurves(of)] as const,
  ),
  ...Object.entries(samples.heatmapSamples).map(
    ([name, of]) => [`heat map, ${name}`, figures.metricHeatmap(of)] as const,
  ),
  ...Object.entries(samples.labelsSamples).map(
    ([name, of]) => [`labels, ${name}`, figures.labelReconstructions(of)] as const,
  ),
  ...Object.entries(samples.platesSamples).map(
    ([name, of]) => [`traversals, ${name}`, figures.traversalPlate(of)] as const,
  ),
  ...Object.entries(samples.correlationSamples).map(
    ([name, of]) => [`correlation, ${name}`, figures.latentCorrelation(of)] as const,
  ),
  ...Object.entries(samples.particleSamples).map(
    ([name, of]) => [`particles, ${name}`, figures.particlePlate(of)] as const,
  ),
  ...Object.entries(samples.glimpseSamples).map(
    ([name, of]) => [`glimpses, ${name}`, figures.glimpsePlate(of)] as const,
  ),
  ...Object.entries(samples.epochSamples).map(
    ([name, of]) => [`particles by epoch, ${name}`, figures.particleEpochs(of)] as const,
  ),
].map(([name, svg]) => [name, svg]);

describe.each(drawn)('%s', (_, svg) => {
  test('is 180 mm wide', () => {
    expect(svg).toMatch(/^<svg [^>]*width="180mm"/);
    expect(pageOf(svg).width).toBeCloseTo(PAGE_WIDTH, 1);
  });

  test('has text that is legible, on the page and free of other text', () => {
    expect(textBoxes(svg).length).toBeGreaterThan(2);
    expect(complaints(svg)).toEqual([]);
  });

  test('says nothing that is no number', () => {
    // Base64 may spell anything.
    const drawing = svg.replaceAll(/href="data:[^"]*"/g, '');
    expect(drawing.match(/[a-z]+="[^"]*(NaN|Infinity|undefined)[^"]*"/)).toBeNull();
  });
});

test.each(Object.entries(samples.moviesSamples))(
  'movie, %s: words are legible, on the picture and free of others',
  (_, movie) => {
    expect(movie.scenes.map((__, scene) => complaints(wordsOf(movie, scene)))).toEqual(movie.scenes.map(() => []));
  },
);

test.each([
  ['two texts in one place', [0, 10], 6, ['word overlaps word']],
  ['text beyond the edge', [PAGE_WIDTH - 5], 6, ['word: leaves the page']],
  ['text too small', [0], 5, ['word: 5 pt']],
  ['nothing wrong', [0, 20], 6, []],
])('%s would be seen', (_, at, size, found) => {
  const scene = new Scene();
  for (const x of at) scene.text(x, 10, 'word', { size });
  expect(complaints(scene.svg(20))).toEqual(found);
});
