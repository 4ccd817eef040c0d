import type { ParamValue } from '@trawl/spec';
import { distinctValues } from '../draw/axes.js';
import { fitText, textWidth } from '../draw/fonts.js';
import { CONTENT_WIDTH, drawHeader, drawLegend, drawNotes, type Entry, MARGIN } from '../draw/legend.js';
import { brief, valueText } from '../draw/numbers.js';
import { inkOn, ramp } from '../draw/palette.js';
import { FAINT, INK, NORMAL, Scene, SMALL } from '../draw/scene.js';
import type { SeedValue } from './seedPanel.js';

export interface HeatmapCell {
  x: ParamValue;
  /** null where only one parameter varies. */
  y: ParamValue | null;
  seeds: SeedValue[];
  mean: number | null;
  interval: [number, number] | null;
}

/** A metric by two parameters. */
export interface MetricHeatmap {
  title: string;
  subtitle: string;
  /** Name and unit of the metric. */
  metric: string;
  xName: string;
  yName: string | null;
  cells: HeatmapCell[];
  notes: string[];
}

const TALLEST_ROW = 54;
const BAR = { w: 120, h: 8 };

/** SVG, 180 mm wide: a cell's colour is its mean; the dots are its seeds, left to right from the lowest of all to the highest. */
export function metricHeatmap({ title, subtitle, metric, xName, yName, cells, notes }: MetricHeatmap): string {
  const scene = new Scene();
  let y = drawHeader(scene, { title, subtitle });
  const xs = distinctValues(cells.map((cell) => cell.x));
  const ys = distinctValues(cells.map((cell) => cell.y ?? null)).toReversed();
  const yTexts = ys.map((value) => (value === null ? '' : valueText(value)));
  const left =
    Math.min(CONTENT_WIDTH / 4, Math.max(0, ...yTexts.map((text) => textWidth(text, SMALL)))) +
    (yName === null ? 0 : NORMAL * 1.6);
  const w = (CONTENT_WIDTH - left - 4) / Math.max(1, xs.length);
  const h = Math.max(9, Math.min(TALLEST_ROW, 320 / Math.max(1, ys.length)));
  const x0 = MARGIN + left + 4;
  const means = cells.flatMap(({ mean }) => (mean !== null && Number.isFinite(mean) ? [mean] : []));
  const low = means.length === 0 ? 0 : means.reduce((a, b) => Math.min(a, b));
  const high = means.length === 0 ? 1 : means.reduce((a, b) => Math.max(a, b));
  const seeds = cells.flatMap((cell) =>
    cell.seeds.flatMap(({ value }) => (value !== null && Number.isFinite(value) ? [value] : [])),
  );
  const seedLow = seeds.length === 0 ? 0 : seeds.reduce((a, b) => Math.min(a, b));
  const seedHigh = seeds.length === 0 ? 1 : seeds.reduce((a, b) => Math.max(a, b));
  const colour = (mean: number): string => ramp(0.08 + 0.87 * share(mean, low, high));

  for (const cell of cells) {
    const column = xs.findIndex((value) => JSON.stringify(value) === JSON.stringify(cell.x));
    const row = ys.findIndex((value) => JSON.stringify(value) === JSON.stringify(cell.y));
    const box = { x: x0 + column * w + 0.5, y: y + row * h + 0.5, w: w - 1, h: h - 1 };
    const missing = cell.mean === null || !Number.isFinite(cell.mean);
    const fill = missing || cell.mean === null ? '#f0f0f0' : colour(cell.mean);
    scene.rect(box, { fill });
    const ink = inkOn(fill);
    const lines = cellWords(cell).filter((line) => textWidth(line, SMALL) <= box.w - 3);
    const dots = h >= 26 && w >= 20;
    const room = Math.max(0, Math.floor((box.h - (dots ? 7 : 0)) / (SMALL * 1.25)));
    const words = lines.slice(0, room);
    const start = box.y + (box.h - (dots ? 7 : 0) - words.length * SMALL * 1.25) / 2;
    for (const [i, line] of words.entries()) {
      scene.text(box.x + box.w / 2, start + SMALL * (1.25 * i + 0.95), line, {
        size: SMALL,
        anchor: 'middle',
        fill: ink,
      });
    }
    if (missing) {
      const tick = Math.min(8, box.w / 4, box.h / 4);
      scene.line(box.x, box.y + tick, box.x + tick, box.y, { stroke: INK, width: 0.5 });
    }
    if (!dots) continue;
    for (const { value, state } of cell.seeds) {
      if (value === null || !Number.isFinite(value)) continue;
      const at = box.x + 4 + (box.w - 8) * share(value, seedLow, seedHigh);
      scene.path(
        'M-1.3,0A1.3,1.3 0 1 0 1.3,0A1.3,1.3 0 1 0 -1.3,0',
        state === 'counts' ? { fill: ink } : { stroke: ink, width: 0.5 },
        at,
        box.y + box.h - 4,
      );
    }
  }

  for (const [i, text] of yTexts.entries()) {
    if (h < SMALL && i % 2 === 1) continue;
    scene.text(x0 - 4, y + (i + 0.5) * h + SMALL * 0.36, fitText(text, CONTENT_WIDTH / 4, SMALL), {
      size: SMALL,
      anchor: 'end',
    });
  }
  if (yName !== null) {
    const tall = ys.length * h;
    scene.text(MARGIN + NORMAL, y + tall / 2, fitText(yName, Math.max(tall, 12), NORMAL), {
      anchor: 'middle',
      upwards: true,
      fill: FAINT,
    });
  }
  y += ys.length * h + 2;
  const every = Math.ceil(16 / w);
  for (const [i, value] of xs.entries()) {
    if (i % every !== 0) continue;
    scene.text(x0 + (i + 0.5) * w, y + SMALL, fitText(valueText(value), w * every - 3, SMALL), {
      size: SMALL,
      anchor: 'middle',
    });
  }
  y += SMALL * 1.35;
  scene.text(x0 + (w * xs.length) / 2, y + NORMAL, fitText(xName, CONTENT_WIDTH / 2, NORMAL), {
    anchor: 'middle',
    fill: FAINT,
  });
  y += NORMAL * 1.3 + 6;
  y += drawScale(scene, y, metric, low, high, means.length > 0);
  y += drawLegend(scene, heatLegend(cells), { x: MARGIN, y, w: CONTENT_WIDTH });
  y += drawNotes(scene, notes, { x: MARGIN, y, w: CONTENT_WIDTH });
  return scene.svg(y + MARGIN / 2);
}

/** Where a value lies between two, 0..1; in the middle where they are the same. */
const share = (value: number, from: number, to: number): number => (to > from ? (value - from) / (to - from) : 0.5);

function cellWords({ mean, interval, seeds }: HeatmapCell): string[] {
  const counted = seeds.filter(({ state }) => state === 'counts').length;
  const n = counted === seeds.length ? `n = ${counted}` : `n = ${counted} of ${seeds.length}`;
  if (mean === null) return [seeds.some(({ state }) => state === 'unfinished') ? 'not finished' : 'none counts', n];
  return [brief(mean), ...(interval === null ? [] : [`[${brief(interval[0])}, ${brief(interval[1])}]`]), n];
}

function drawScale(scene: Scene, y: number, metric: string, low: number, high: number, any: boolean): number {
  if (!any) return 0;
  const words = fitText(metric, CONTENT_WIDTH - BAR.w - 90, SMALL);
  scene.text(MARGIN, y + BAR.h - 1.5, words, { size: SMALL, weight: 'normal', fill: INK });
  const lowText = brief(low);
  let x = MARGIN + textWidth(words, SMALL) + 8;
  scene.text(x, y + BAR.h - 1.5, lowText, { size: SMALL });
  x += textWidth(lowText, SMALL) + 3;
  for (let i = 0; i < 40; i += 1) {
    scene.rect({ x: x + (i * BAR.w) / 40, y, w: BAR.w / 40 + 0.1, h: BAR.h }, { fill: ramp(0.08 + (0.87 * i) / 39) });
  }
  scene.text(x + BAR.w + 3, y + BAR.h - 1.5, brief(high), { size: SMALL });
  return BAR.h + 5;
}

function heatLegend(cells: readonly HeatmapCell[]): Entry[] {
  const dot = 'M-1.3,0A1.3,1.3 0 1 0 1.3,0A1.3,1.3 0 1 0 -1.3,0';
  const states = new Set(cells.flatMap(({ seeds }) => seeds.map(({ state }) => state)));
  const entries: Entry[] = [];
  if (states.has('counts'))
    entries.push({
      text: 'one seed: lowest of all left, highest right',
      keyWidth: 4,
      drawKey: (scene, x, y) => scene.path(dot, { fill: INK }, x + 2, y),
    });
  if (states.has('ineligible'))
    entries.push({
      text: 'a seed that is not eligible',
      keyWidth: 4,
      drawKey: (scene, x, y) => scene.path(dot, { stroke: INK, width: 0.5 }, x + 2, y),
    });
  if (cells.some(({ interval }) => interval !== null))
    entries.push({ text: '[ ] 95 % interval of the mean', keyWidth: 0, drawKey: () => {} });
  return entries;
}
