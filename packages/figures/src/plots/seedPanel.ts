import type { ParamValue } from '@trawl/spec';
import { distinctValues, drawPointAxis, drawValueAxis, POINT_AXIS_HEIGHT, pointAxis, valueAxis } from '../draw/axes.js';
import { fitText, textWidth } from '../draw/fonts.js';
import type { Entry, Heading } from '../draw/legend.js';
import { valueText } from '../draw/numbers.js';
import { ramp, SERIES_TOLD_APART, seriesColour, shapePath } from '../draw/palette.js';
import { type Box, FAINT, INK, NORMAL, type Scene, SMALL } from '../draw/scene.js';

/** One run of a cell. */
export interface SeedValue {
  seed: number;
  /** null where the run gave none; NaN and infinities are shown as such. */
  value: number | null;
  /** Why it does not count in the mean; null: it does. */
  state: 'counts' | 'ineligible' | 'failed' | 'unfinished';
}

export interface SeedCell {
  x: ParamValue;
  /** Colour and shape; null where nothing but x varies. */
  series: ParamValue | null;
  seeds: SeedValue[];
  /** Over the seeds that count. */
  mean: number | null;
  /** 95 % of the mean. */
  interval: [number, number] | null;
}

/** A metric by one parameter, every seed a point. */
export interface SeedPanel {
  title: string;
  /** Unit and split. */
  unit: string;
  xName: string;
  seriesName: string | null;
  cells: SeedCell[];
  /** Where there is nothing to draw: why. */
  empty: string | null;
  /** What is held fixed. */
  fixed: string;
}

const SEED_AREA = 7;
const MEAN_AREA = 15;
const STRIP = 9;
const CROSS = 'M-2,-2L2,2M-2,2L2,-2';

/** Colours and shapes of the values of a series, the same in all panels. */
export interface SeriesLook {
  name: string | null;
  values: ParamValue[];
  colour(value: ParamValue | null): string;
  shape(value: ParamValue | null): number;
}

export function seriesLook(name: string | null, given: readonly (ParamValue | null)[]): SeriesLook {
  const values = distinctValues(given.filter((value) => value !== null));
  const at = new Map(values.map((value, i) => [JSON.stringify(value), i]));
  const index = (value: ParamValue | null): number => at.get(JSON.stringify(value)) ?? 0;
  const apart = values.length <= SERIES_TOLD_APART;
  return {
    name,
    values,
    colour: (value) => (value === null ? seriesColour(0, 1) : seriesColour(index(value), values.length)),
    shape: (value) => (value === null || !apart ? 0 : index(value)),
  };
}

/** Keys of the series; a bar of colours where there are too many to tell apart. */
export function seriesLegend(look: SeriesLook): (Entry | Heading)[] {
  const { name, values } = look;
  if (name === null || values.length < 2) return [];
  if (values.length <= SERIES_TOLD_APART) {
    const keys = values.map((value) => ({
      text: valueText(value),
      keyWidth: 7,
      drawKey: (scene: Scene, x: number, y: number) =>
        scene.path(shapePath(look.shape(value), 20), { fill: look.colour(value) }, x + 3.5, y),
    }));
    return [{ heading: name }, ...keys];
  }
  const bar = {
    text: `${valueText(values[0])} … ${valueText(values.at(-1))} (${values.length} values)`,
    keyWidth: 40,
    drawKey: (scene: Scene, x: number, y: number) => {
      for (let i = 0; i < 20; i += 1)
        scene.rect({ x: x + i * 2, y: y - 3, w: 2.1, h: 6 }, { fill: ramp((0.82 * i) / 19) });
    },
  };
  return [{ heading: name }, bar];
}

const entry = (text: string, keyWidth: number, drawKey: Entry['drawKey']): Entry => ({ text, keyWidth, drawKey });

/** What the marks mean, of those that occur. */
export function seedLegend(panels: readonly SeedPanel[]): Entry[] {
  const cells = panels.flatMap((panel) => panel.cells);
  const seeds = cells.flatMap((cell) => cell.seeds);
  const has = (state: SeedValue['state']): boolean => seeds.some((seed) => seed.state === state);
  return [
    ...(has('counts')
      ? [
          entry('one seed', 6, (scene, x, y) => seedMark(scene, x + 3, y, 0, '#555555')),
          entry('mean', 6, (scene, x, y) => scene.path(shapePath(0, MEAN_AREA), { fill: '#555555' }, x + 3, y)),
        ]
      : []),
    ...(cells.some((cell) => cell.interval !== null)
      ? [
          entry('95 % interval of the mean, arrow: goes on', 6, (scene, x, y) =>
            whisker(scene, x + 3, y - 3.5, y + 3.5, '#555555'),
          ),
        ]
      : []),
    ...(has('ineligible')
      ? [entry('not eligible (collapsed, diverged or not finite)', 6, (scene, x, y) => ineligibleMark(scene, x + 3, y))]
      : []),
    ...(has('failed')
      ? [entry('failed', 6, (scene, x, y) => scene.path(CROSS, { stroke: INK, width: 0.9 }, x + 3, y))]
      : []),
    ...(has('unfinished') ? [entry('not finished', 6, (scene, x, y) => unfinishedMark(scene, x + 3, y))] : []),
  ];
}

/** An interval of two seeds is 13 times as wide as they lie apart: whiskers get this share of the seeds' own span beyond them. */
const BEYOND = 0.6;

/** All that the axis must show; of intervals, what is not far out. */
function range(cells: readonly SeedCell[]): number[] {
  const values = cells.flatMap(({ seeds, mean }) => [
    ...seeds.map(({ value }) => value ?? Number.NaN),
    mean ?? Number.NaN,
  ]);
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return [];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const most = (high - low) * BEYOND;
  const ends = cells.flatMap(({ interval }) => interval ?? []).filter((end) => Number.isFinite(end));
  return [...finite, ...ends.map((end) => (most === 0 ? end : Math.max(low - most, Math.min(high + most, end))))];
}

const isInside = ({ value }: SeedValue): boolean => value !== null && Number.isFinite(value);

const SEED_PANEL_HEAD = NORMAL * 1.3 + SMALL * 1.3 + SMALL * 1.3 + 5;

/** Title, unit and what is fixed above; tick labels left; the parameter below. `box` is all of it. */
export function drawSeedPanel(scene: Scene, box: Box, panel: SeedPanel, look: SeriesLook): void {
  const n = `n = ${panel.cells.reduce((sum, { seeds }) => sum + seeds.filter(({ state }) => state === 'counts').length, 0)}`;
  const nWidth = panel.empty === null ? textWidth(n, SMALL) : 0;
  scene.text(box.x, box.y + NORMAL, fitText(panel.title, box.w - nWidth - 4, NORMAL, 'bold'), { weight: 'bold' });
  if (nWidth > 0) scene.text(box.x + box.w, box.y + NORMAL, n, { size: SMALL, anchor: 'end', fill: FAINT });
  let y = box.y + NORMAL * 1.3 + SMALL;
  for (const line of [panel.unit, panel.fixed]) {
    scene.text(box.x, y, fitText(line, box.w, SMALL), { size: SMALL, fill: FAINT });
    y += SMALL * 1.3;
  }
  const top = box.y + SEED_PANEL_HEAD;
  const outside = panel.cells.some(({ seeds }) => seeds.some((seed) => !isInside(seed)));
  const strip = outside ? STRIP : 0;
  const room = { x: box.x, y: top, w: box.w, h: box.h - SEED_PANEL_HEAD - POINT_AXIS_HEIGHT - strip };
  if (panel.empty !== null) {
    const all = { ...room, h: room.h + strip };
    scene.rect(all, { fill: '#f4f4f4' });
    scene.text(all.x + all.w / 2, all.y + all.h / 2, fitText(panel.empty, all.w - 6, SMALL), {
      size: SMALL,
      anchor: 'middle',
      fill: FAINT,
    });
    return;
  }
  const numbers = range(panel.cells);
  const values = valueAxis(numbers, room);
  const left = values.labelWidth + 4;
  const plot = { ...room, x: box.x + left, w: box.w - left };
  const points = pointAxis(
    panel.cells.map((cell) => cell.x),
    plot,
  );
  drawValueAxis(scene, plot, values);
  drawPointAxis(scene, { ...plot, h: plot.h + strip }, points, panel.xName);
  if (strip > 0) {
    scene.line(plot.x, plot.y + plot.h, plot.x + plot.w, plot.y + plot.h, {
      stroke: '#999999',
      width: 0.4,
      dash: '1.5 1.5',
    });
  }

  const shown = look.values.filter((value) =>
    panel.cells.some((cell) => JSON.stringify(cell.series) === JSON.stringify(value)),
  );
  const crowded = points.step < 10;
  const offset = (series: ParamValue | null): number => {
    if (shown.length < 2 || crowded) return 0;
    const i = shown.findIndex((value) => JSON.stringify(value) === JSON.stringify(series));
    return ((i + 0.5) / shown.length - 0.5) * Math.min(points.step * 0.8, 14 * shown.length);
  };
  for (const series of shown.length === 0 ? [null] : shown) {
    const cells = panel.cells.filter(
      (cell) => shown.length === 0 || JSON.stringify(cell.series) === JSON.stringify(series),
    );
    const means = cells
      .map((cell): [number, number] => [
        points.at(cell.x) + offset(series),
        cell.mean === null ? Number.NaN : values.at(cell.mean),
      ])
      .toSorted((a, b) => a[0] - b[0]);
    if (!crowded) scene.polyline(means, { stroke: look.colour(series), width: 0.6, opacity: 0.6 });
    for (const cell of cells) drawCell(cell, points.at(cell.x) + offset(series));
  }

  /** Where it leaves the panel its end has an arrow instead of a bar. */
  function drawInterval([low, high]: [number, number], x: number, colour: string): void {
    const [bottom, upper] = [values.at(low), values.at(high)];
    const inside = (at: number): number => Math.max(plot.y, Math.min(plot.y + plot.h, at));
    scene.line(x, inside(bottom), x, inside(upper), { stroke: colour, width: 0.7 });
    if (inside(bottom) === bottom) scene.path('M-1.6,0H1.6', { stroke: colour, width: 0.7 }, x, bottom);
    else scene.path('M-1.8,-2.2L0,0L1.8,-2.2', { stroke: colour, width: 0.7 }, x, plot.y + plot.h);
    if (inside(upper) === upper) scene.path('M-1.6,0H1.6', { stroke: colour, width: 0.7 }, x, upper);
    else scene.path('M-1.8,2.2L0,0L1.8,2.2', { stroke: colour, width: 0.7 }, x, plot.y);
  }

  function drawCell(cell: SeedCell, x: number): void {
    const colour = look.colour(cell.series);
    const shape = look.shape(cell.series);
    const spare = crowded ? 0 : Math.min(9, (points.step * 0.8) / Math.max(1, shown.length) / 2);
    const spread = (i: number): number =>
      cell.seeds.length < 2 ? spare * 0.8 : spare * (0.5 + (0.5 * i) / (cell.seeds.length - 1));
    const below = plot.y + plot.h + STRIP / 2 + 0.5;
    if (cell.interval !== null) drawInterval(cell.interval, x, colour);
    const beneath = cell.seeds.filter((seed) => !isInside(seed));
    for (const [i, seed] of cell.seeds.entries()) {
      const inside = isInside(seed);
      const nth = beneath.indexOf(seed) - (beneath.length - 1) / 2;
      const apart = Math.min(4.6, (points.step * 0.9) / Math.max(1, shown.length, beneath.length));
      const at = inside ? x + (crowded ? 0 : spread(i)) : x + nth * apart;
      const height = inside ? values.at(seed.value ?? 0) : below;
      if (seed.state === 'counts' && inside) seedMark(scene, at, height, shape, colour);
      else if (seed.state === 'unfinished') unfinishedMark(scene, at, height);
      else if (seed.state === 'failed') scene.path(CROSS, { stroke: INK, width: 0.9 }, at, height);
      else ineligibleMark(scene, at, height);
    }
    if (cell.mean !== null && Number.isFinite(cell.mean)) {
      scene.path(shapePath(shape, crowded ? SEED_AREA : MEAN_AREA), { fill: colour }, x, values.at(cell.mean));
    }
  }
}

function seedMark(scene: Scene, x: number, y: number, shape: number, colour: string): void {
  scene.path(shapePath(shape, SEED_AREA), { fill: '#ffffff', stroke: colour, width: 0.5 }, x, y);
}

function whisker(scene: Scene, x: number, from: number, to: number, colour: string): void {
  scene.path(
    `M-1.6,0H1.6M0,0V${Math.round((to - from) * 100) / 100}M-1.6,${Math.round((to - from) * 100) / 100}H1.6`,
    { stroke: colour, width: 0.7 },
    x,
    from,
  );
}

function ineligibleMark(scene: Scene, x: number, y: number): void {
  scene.path('M-2,0A2,2 0 1 0 2,0A2,2 0 1 0 -2,0M-1.4,1.4L1.4,-1.4', { stroke: INK, width: 0.6 }, x, y);
}

function unfinishedMark(scene: Scene, x: number, y: number): void {
  scene.path('M-1.8,-1.8H1.8V1.8H-1.8Z', { stroke: FAINT, width: 0.5, dash: '1 0.8' }, x, y);
}
