import type { ParamValue } from '@trawl/spec';
import { scaleLinear, scaleLog } from 'd3-scale';
import { fitText, textWidth } from './fonts.js';
import { tickLabels, valueText } from './numbers.js';
import { type Box, FAINT, INK, type Scene, SMALL } from './scene.js';

export interface Tick {
  at: number;
  label: string;
}

export interface ValueAxis {
  at(value: number): number;
  ticks: Tick[];
  /** Width of the widest tick label. */
  labelWidth: number;
}

/** Beyond it the span of a domain overflows. */
const LARGEST = 1e300;

/** Between labels, pt. */
const TICKS_APART = SMALL + 1.5;

/** Upwards from the box's bottom to its top, over all finite values; `nice`: to round numbers, which in a low box costs too much room. */
export function valueAxis(values: readonly number[], { y, h }: Box, { nice = true } = {}): ValueAxis {
  const finite = values.filter((value) => Number.isFinite(value)).map(clamp);
  const lowest = finite.length === 0 ? 0 : finite.reduce((a, b) => Math.min(a, b));
  const highest = finite.length === 0 ? 1 : finite.reduce((a, b) => Math.max(a, b));
  const margin = highest === lowest ? Math.abs(highest) * 0.1 || 1 : (highest - lowest) * 0.05;
  const n = Math.max(2, Math.min(5, Math.floor(h / (nice ? 18 : 11))));
  const scale = scaleLinear()
    .domain([lowest - margin, highest + margin])
    .range([y + h, y]);
  if (nice) scale.nice(n);
  const marks = scale.ticks(n);
  const labels = tickLabels(marks);
  const all = marks.map((value, i) => ({ at: scale(value), label: labels[i] ?? '' }));
  const apart = Math.abs((all[1]?.at ?? 0) - (all[0]?.at ?? 0));
  const every = apart === 0 ? 1 : Math.ceil(TICKS_APART / apart);
  const ticks = all.filter((_, i) => i % every === 0);
  return {
    at: (value) => scale(clamp(value)),
    ticks,
    labelWidth: Math.max(0, ...labels.map((label) => textWidth(label, SMALL))),
  };
}

const clamp = (value: number): number => Math.max(-LARGEST, Math.min(LARGEST, value));

/** Ticks, their labels and a faint grid; the labels end 3 pt left of the box. */
export function drawValueAxis(scene: Scene, box: Box, axis: ValueAxis, grid = true): void {
  for (const { at, label } of axis.ticks) {
    if (grid) scene.line(box.x, at, box.x + box.w, at, { stroke: '#e4e4e4', width: 0.4 });
    scene.line(box.x - 2, at, box.x, at, { stroke: INK, width: 0.5 });
    scene.text(box.x - 3, at + SMALL * 0.36, label, { size: SMALL, anchor: 'end' });
  }
  scene.line(box.x, box.y, box.x, box.y + box.h, { stroke: INK, width: 0.6 });
}

export interface PointAxis {
  at(value: ParamValue): number;
  /** Room of one value, pt. */
  step: number;
  ticks: Tick[];
}

/** More numbers than so many lie on a scale, not side by side. */
const SIDE_BY_SIDE = 12;

/** Left to right: few values side by side in order, many numbers on a linear or (over a factor of 30) logarithmic scale. */
export function pointAxis(values: readonly ParamValue[], { x, w }: Box): PointAxis {
  const distinct = distinctValues(values);
  const numbers = distinct.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (distinct.length > SIDE_BY_SIDE && numbers.length === distinct.length) return scaled(numbers, x, w);
  const step = w / Math.max(1, distinct.length);
  const keys = new Map(distinct.map((value, i) => [JSON.stringify(value), x + step * (i + 0.5)]));
  const texts = distinct.map(valueText);
  // A label may be as wide as its place; where that is too little, only some have one.
  const shown = step < 16 ? Math.ceil(16 / step) : 1;
  const ticks = texts.flatMap((text, i) =>
    i % shown === 0 ? [{ at: x + step * (i + 0.5), label: fitText(text, step * shown - 3, SMALL) }] : [],
  );
  return { at: (value) => keys.get(JSON.stringify(value)) ?? Number.NaN, step, ticks };
}

function scaled(numbers: readonly number[], x: number, w: number): PointAxis {
  const lowest = numbers[0] ?? 0;
  const highest = numbers.at(-1) ?? 1;
  const logarithmic = lowest > 0 && highest / lowest > 30;
  const margin = 6;
  const range: [number, number] = [x + margin, x + w - margin];
  const scale = (logarithmic ? scaleLog() : scaleLinear()).domain([lowest, highest]).range(range);
  const values = logarithmic ? powersBetween(lowest, highest) : scale.ticks(4);
  const labels = logarithmic ? values.map(valueText) : tickLabels(values);
  const ticks: Tick[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const [i, value] of values.entries()) {
    const at = scale(value);
    const label = labels[i] ?? '';
    const half = textWidth(label, SMALL) / 2;
    if (at - half < Math.max(end + 3, x - 8) || at + half > x + w + 8) continue;
    ticks.push({ at, label });
    end = at + half;
  }
  return {
    at: (value) => (typeof value === 'number' ? scale(value) : Number.NaN),
    step: (w - 2 * margin) / numbers.length,
    ticks,
  };
}

function powersBetween(lowest: number, highest: number): number[] {
  const from = Math.ceil(Math.log10(lowest) - 1e-9);
  const to = Math.floor(Math.log10(highest) + 1e-9);
  const powers = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => Number(`1e${from + i}`));
  return powers.length >= 2 ? powers : [lowest, highest];
}

/** Numbers in order, then the rest as they come. */
export function distinctValues(values: readonly ParamValue[]): ParamValue[] {
  const distinct = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
  return distinct.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

const rank = (value: ParamValue): number => (typeof value === 'number' ? value : Number.POSITIVE_INFINITY);

/** Room below the box: 3 pt, tick labels, then the name. */
export const POINT_AXIS_HEIGHT = 3 + SMALL + 2 + SMALL + 2;

export function drawPointAxis(scene: Scene, box: Box, axis: PointAxis, name: string): void {
  const bottom = box.y + box.h;
  scene.line(box.x, bottom, box.x + box.w, bottom, { stroke: INK, width: 0.6 });
  for (const { at, label } of axis.ticks) {
    scene.line(at, bottom, at, bottom + 2, { stroke: INK, width: 0.5 });
    scene.text(at, bottom + 3 + SMALL * 0.8, label, { size: SMALL, anchor: 'middle' });
  }
  scene.text(box.x + box.w / 2, bottom + 3 + SMALL + 2 + SMALL * 0.8, fitText(name, box.w, SMALL), {
    size: SMALL,
    anchor: 'middle',
    fill: FAINT,
  });
}
