import { ASCENT, DESCENT, fitText, textWidth, wrapText } from './fonts.js';
import { type Box, FAINT, INK, NORMAL, PAGE_WIDTH, type Scene, SMALL } from './scene.js';

/** One entry: a key of the given width, drawn around the middle of its left edge, and what it means. */
export interface Entry {
  text: string;
  keyWidth: number;
  drawKey(scene: Scene, x: number, middle: number): void;
}

/** Text before a group of entries, as the name of a parameter. */
export interface Heading {
  heading: string;
}

const ROW = SMALL * 1.6;
const LONGEST_ENTRY = 190;

/** Entries one after another in as many rows as they need; the height used. */
export function drawLegend(scene: Scene, items: readonly (Entry | Heading)[], box: Omit<Box, 'h'>): number {
  let x = box.x;
  let row = 0;
  for (const item of items) {
    const keyed = 'drawKey' in item;
    const longest = Math.min(LONGEST_ENTRY, box.w - (keyed ? item.keyWidth + 3 : 0));
    const text = fitText(keyed ? item.text : item.heading, longest, SMALL, keyed ? 'normal' : 'bold');
    const textAt = keyed ? item.keyWidth + 3 : 0;
    const width = textAt + textWidth(text, SMALL, keyed ? 'normal' : 'bold');
    if (x > box.x && x + width > box.x + box.w) {
      x = box.x;
      row += 1;
    }
    const middle = box.y + row * ROW + ROW / 2;
    if (keyed) item.drawKey(scene, x, middle);
    scene.text(x + textAt, middle + SMALL * 0.36, text, { size: SMALL, weight: keyed ? 'normal' : 'bold' });
    x += width + (keyed ? 10 : 6);
  }
  return items.length === 0 ? 0 : (row + 1) * ROW;
}

/** Wrapped small print; the height used. */
export function drawNotes(scene: Scene, notes: readonly string[], box: Omit<Box, 'h'>): number {
  const lines = notes.flatMap((note) => wrapText(note, box.w, SMALL));
  const height = SMALL * 1.35;
  for (const [i, line] of lines.entries()) {
    scene.text(box.x, box.y + height * i + SMALL * ASCENT + 1, line, { size: SMALL, fill: FAINT });
  }
  return lines.length === 0 ? 0 : lines.length * height + SMALL * DESCENT + 1;
}

export const MARGIN = 8;
const TITLE = 9;

/** What stands above every figure: its name and what it is of, with n; where the rest begins. */
export function drawHeader(scene: Scene, { title, subtitle }: { title: string; subtitle: string }): number {
  const width = scene.width - 2 * MARGIN;
  const baseline = MARGIN + TITLE * ASCENT;
  scene.text(MARGIN, baseline, fitText(title, width, TITLE, 'bold'), { size: TITLE, weight: 'bold', fill: INK });
  const lines = wrapText(subtitle, width, NORMAL);
  let y = baseline + TITLE * DESCENT + 2;
  for (const line of lines) {
    scene.text(MARGIN, y + NORMAL * ASCENT, line, { size: NORMAL, fill: FAINT });
    y += NORMAL * 1.35;
  }
  return y + 4;
}

export const CONTENT_WIDTH = PAGE_WIDTH - 2 * MARGIN;
