import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font } from 'fontkit';

export type Weight = 'normal' | 'bold';

/** Condensed, as much must be said at 6 pt; has Greek, Cyrillic and mathematics. It comes with the package, so text is as wide everywhere. */
const FILES: Record<Weight, string> = {
  normal: 'dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf',
  bold: 'dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf',
};

/** For viewers that have not the font: each text also says how wide it is. */
export const FONT_FAMILY = "'DejaVu Sans Condensed', 'DejaVu Sans', Verdana, Arial, sans-serif";
/** As the font files name themselves. */
export const FONT_NAME = 'DejaVu Sans';

const require = createRequire(import.meta.url);
const bytes = new Map<Weight, Buffer>();
const parsed = new Map<Weight, Font>();

export function fontBytes(weight: Weight): Buffer {
  const known = bytes.get(weight);
  if (known) return known;
  const read = readFileSync(require.resolve(FILES[weight]));
  bytes.set(weight, read);
  return read;
}

function font(weight: Weight): Font {
  const known = parsed.get(weight);
  if (known) return known;
  const read = create(fontBytes(weight));
  if (!('layout' in read)) throw new Error(`${FILES[weight]} is a collection of fonts`);
  parsed.set(weight, read);
  return read;
}

/** Of one em: what a line needs above and below its baseline, accents apart. */
export const ASCENT = 0.76;
export const DESCENT = 0.24;

const graphemes = new Intl.Segmenter('en');

const widths = new Map<string, number>();
/** Figures of ever new texts must not fill the memory. */
const WIDTHS_KEPT = 20_000;

/** Advance width in the unit of `size`. */
export function textWidth(text: string, size: number, weight: Weight = 'normal'): number {
  const key = `${weight}${text}`;
  let em = widths.get(key);
  if (em === undefined) {
    const shaper = font(weight);
    em = shaper.layout(text).advanceWidth / shaper.unitsPerEm;
    if (widths.size >= WIDTHS_KEPT) widths.clear();
    widths.set(key, em);
  }
  return em * size;
}

/** The text, or as much of it as fits with an ellipsis in the middle: names differ at their ends. */
export function fitText(text: string, width: number, size: number, weight: Weight = 'normal'): string {
  if (textWidth(text, size, weight) <= width) return text;
  const letters = Array.from(graphemes.segment(text), ({ segment }) => segment);
  let low = 0;
  let high = letters.length;
  const cut = (kept: number): string =>
    `${letters.slice(0, Math.ceil(kept / 2)).join('')}…${letters.slice(letters.length - Math.floor(kept / 2)).join('')}`;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (textWidth(cut(middle), size, weight) <= width) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}

/** Lines of at most `width`; a longer word is cut. */
export function wrapText(text: string, width: number, size: number, weight: Weight = 'normal'): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (textWidth(longer, size, weight) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = fitText(word, width, size, weight);
  }
  if (line !== '') lines.push(line);
  return lines;
}
