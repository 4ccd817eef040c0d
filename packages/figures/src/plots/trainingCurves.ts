import type { ParamValue } from '@trawl/spec';
import { drawPointAxis, drawValueAxis, POINT_AXIS_HEIGHT, valueAxis } from '../draw/axes.js';
import { fitText, textWidth } from '../draw/fonts.js';
import { CONTENT_WIDTH, drawHeader, drawLegend, drawNotes, type Entry, MARGIN } from '../draw/legend.js';
import { tickLabels } from '../draw/numbers.js';
import { shapePath } from '../draw/palette.js';
import { type Box, FAINT, NORMAL, Scene, SMALL } from '../draw/scene.js';
import { scaleLinear } from 'd3-scale';
import { seriesLegend, type SeriesLook, seriesLook } from './seedPanel.js';

/** A metric of one run over epochs. */
export interface RunCurve {
  series: ParamValue | null;
  seed: number;
  epochs: readonly number[];
  /** NaN and infinities are gaps. */
  values: readonly number[];
}

export interface CurvePanel {
  title: string;
  /** Unit and split. */
  unit: string;
  curves: RunCurve[];
  /** Where there is nothing to draw: why. */
  empty: string | null;
}

/** Terms of the loss over epochs, as the seven of BehaveNet's guide (plot_psvae_training_curves). */
export interface TrainingCurves {
  title: string;
  subtitle: string;
  seriesName: string | null;
  panels: CurvePanel[];
  /** Epoch at which the annealing ramp ends, where all runs have one and the same. */
  rampEnds: number | null;
  notes: string[];
}

const COLUMNS = 4;
const GAP = 12;
const HIGH = 128;
const HEAD = NORMAL * 1.3 + SMALL * 1.3 + 4;
/** The first epochs tower above all others: they do not set the range of y, as BehaveNet leaves out ten of 200. */
const SETTLES_AFTER = 0.1;
/** A mean line needs that many runs at the epoch. */
const MARKS = 5;

/** SVG, 180 mm wide. */
export function trainingCurves({ title, subtitle, seriesName, panels, rampEnds, notes }: TrainingCurves): string {
  const scene = new Scene();
  const look = seriesLook(
    seriesName,
    panels.flatMap(({ curves }) => curves.map((curve) => curve.series)),
  );
  const top = drawHeader(scene, { title, subtitle });
  const columns = Math.max(1, Math.min(COLUMNS, panels.length));
  const w = (CONTENT_WIDTH - GAP * (columns - 1)) / columns;
  const last = Math.max(1, ...panels.flatMap(({ curves }) => curves.map((curve) => curve.epochs.at(-1) ?? 0)));
  for (const [i, panel] of panels.entries()) {
    const box = { x: MARGIN + (i % columns) * (w + GAP), y: top + Math.floor(i / columns) * (HIGH + 6), w, h: HIGH };
    drawCurvePanel(scene, box, panel, { look, last, rampEnds });
  }
  let y = top + Math.ceil(panels.length / columns) * (HIGH + 6) + 2;
  y += drawLegend(scene, [...seriesLegend(look), ...lineLegend(panels, rampEnds)], { x: MARGIN, y, w: CONTENT_WIDTH });
  y += drawNotes(scene, notes, { x: MARGIN, y, w: CONTENT_WIDTH });
  return scene.svg(y + MARGIN / 2);
}

function lineLegend(panels: readonly CurvePanel[], rampEnds: number | null): Entry[] {
  const grey = '#555555';
  const entries: Entry[] = [];
  if (panels.some(({ curves }) => curves.length > 0)) {
    entries.push({
      text: 'one run',
      keyWidth: 12,
      drawKey: (scene, x, y) => scene.line(x, y, x + 12, y, { stroke: grey, width: 0.4 }),
    });
  }
  if (panels.some(({ curves }) => groups(curves).some((group) => group.length > 1))) {
    entries.push({
      text: 'mean over runs',
      keyWidth: 12,
      drawKey: (scene, x, y) => scene.line(x, y, x + 12, y, { stroke: grey, width: 1.2 }),
    });
  }
  if (rampEnds !== null && rampEnds > 0) {
    entries.push({
      text: `annealing ends (epoch ${rampEnds})`,
      keyWidth: 4,
      drawKey: (scene, x, y) => scene.line(x + 2, y - 4, x + 2, y + 4, { stroke: grey, width: 0.5, dash: '1.5 1.5' }),
    });
  }
  if (panels.some((panel) => cutOf(panel).above || cutOf(panel).below)) {
    entries.push({
      text: 'leaves the range',
      keyWidth: 5,
      drawKey: (scene, x, y) => scene.path('M-2,1.6L0,-1.8L2,1.6', { stroke: grey, width: 0.7 }, x + 2.5, y),
    });
  }
  return entries;
}

interface Shared {
  look: SeriesLook;
  last: number;
  rampEnds: number | null;
}

function drawCurvePanel(scene: Scene, box: Box, panel: CurvePanel, { look, last, rampEnds }: Shared): void {
  scene.text(box.x, box.y + NORMAL, fitText(panel.title, box.w, NORMAL, 'bold'), { weight: 'bold' });
  scene.text(box.x, box.y + NORMAL * 1.3 + SMALL, fitText(panel.unit, box.w, SMALL), { size: SMALL, fill: FAINT });
  const high = { x: box.x, y: box.y + HEAD, w: box.w, h: box.h - HEAD - POINT_AXIS_HEIGHT };
  const range = settled(panel.curves);
  if (panel.empty !== null || range.length === 0) {
    scene.rect(high, { fill: '#f4f4f4' });
    const words = panel.empty ?? 'no finite value';
    scene.text(high.x + high.w / 2, high.y + high.h / 2, fitText(words, high.w - 6, SMALL), {
      size: SMALL,
      anchor: 'middle',
      fill: FAINT,
    });
    return;
  }
  const values = valueAxis(range, high);
  const left = values.labelWidth + 4;
  const plot = { ...high, x: box.x + left, w: box.w - left };
  const epochs = scaleLinear()
    .domain([0, last])
    .range([plot.x, plot.x + plot.w]);
  drawValueAxis(scene, plot, values);
  drawPointAxis(scene, plot, { at: () => 0, step: 0, ticks: epochTicks(epochs, plot) }, 'epoch');
  scene.clipped(plot, () => {
    if (rampEnds !== null && rampEnds > 0) {
      scene.line(epochs(rampEnds), plot.y, epochs(rampEnds), plot.y + plot.h, {
        stroke: '#555555',
        width: 0.5,
        dash: '1.5 1.5',
      });
    }
    for (const group of groups(panel.curves)) {
      const series = group[0]?.series ?? null;
      const stroke = look.colour(series);
      const alone = group.length === 1;
      for (const curve of group) {
        scene.polyline(
          curve.epochs.map((epoch, i) => [epochs(epoch), values.at(curve.values[i] ?? Number.NaN)]),
          {
            stroke,
            width: alone ? 0.9 : 0.35,
            opacity: alone ? 1 : Math.max(0.25, Math.min(0.7, 4 / group.length)),
          },
        );
      }
      const middle = alone ? points(group[0]) : meanCurve(group);
      const line = middle.map(([epoch, value]): [number, number] => [epochs(epoch), values.at(value)]);
      if (!alone) scene.polyline(line, { stroke, width: 1.2 });
      if (look.values.length > 1) {
        for (let k = 1; k <= MARKS; k += 1) {
          const [x, y] = line[Math.floor(((k - 0.5) / MARKS) * line.length)] ?? [Number.NaN, Number.NaN];
          if (Number.isFinite(x) && Number.isFinite(y))
            scene.path(shapePath(look.shape(series), 12), { fill: stroke }, x, y);
        }
      }
    }
  });
  const cut = cutOf(panel);
  const caret = { stroke: '#555555', width: 0.7 };
  if (cut.above) scene.path('M-2,1.6L0,-1.8L2,1.6', caret, plot.x + 5, plot.y + 4);
  if (cut.below) scene.path('M-2,-1.6L0,1.8L2,-1.6', caret, plot.x + 5, plot.y + plot.h - 4);
}

function epochTicks(scale: { (x: number): number; ticks(n: number): number[] }, plot: Box) {
  const ticks = scale.ticks(4).filter((tick) => Number.isInteger(tick));
  const labels = tickLabels(ticks);
  return ticks.flatMap((tick, i) => {
    const label = labels[i] ?? '';
    const at = scale(tick);
    return at + textWidth(label, SMALL) / 2 > plot.x + plot.w + GAP / 2 ? [] : [{ at, label }];
  });
}

/** Curves of the same series. */
function groups(curves: readonly RunCurve[]): RunCurve[][] {
  const by = new Map<string, RunCurve[]>();
  for (const curve of curves) {
    const key = JSON.stringify(curve.series);
    const group = by.get(key);
    if (group) group.push(curve);
    else by.set(key, [curve]);
  }
  return [...by.values()];
}

const points = (curve: RunCurve | undefined): [number, number][] =>
  (curve?.epochs ?? []).map((epoch, i) => [epoch, curve?.values[i] ?? Number.NaN]);

/** Over the runs that have a finite value at the epoch, where more than half of them have. */
function meanCurve(group: readonly RunCurve[]): [number, number][] {
  const sums = new Map<number, { n: number; sum: number }>();
  for (const [epoch, value] of group.flatMap(points)) {
    if (!Number.isFinite(value)) continue;
    const at = sums.get(epoch) ?? { n: 0, sum: 0 };
    sums.set(epoch, { n: at.n + 1, sum: at.sum + value });
  }
  return [...sums]
    .filter(([, { n }]) => n > group.length / 2)
    .map(([epoch, { n, sum }]): [number, number] => [epoch, sum / n])
    .toSorted((a, b) => a[0] - b[0]);
}

/** Finite values after the first epochs; all where there are no later ones. */
function settled(curves: readonly RunCurve[]): number[] {
  const last = Math.max(0, ...curves.map((curve) => curve.epochs.at(-1) ?? 0));
  const all = curves.flatMap(points).filter(([, value]) => Number.isFinite(value));
  const late = all.filter(([epoch]) => epoch > last * SETTLES_AFTER);
  return (late.length > 0 ? late : all).map(([, value]) => value);
}

/** Whether curves leave the range of y, above or below. */
function cutOf({ curves }: CurvePanel): { above: boolean; below: boolean } {
  const range = settled(curves);
  if (range.length === 0) return { above: false, below: false };
  const lowest = range.reduce((a, b) => Math.min(a, b));
  const highest = range.reduce((a, b) => Math.max(a, b));
  const values = curves.flatMap(points).map(([, value]) => value);
  return {
    above: values.some((value) => Number.isFinite(value) && value > highest),
    below: values.some((value) => Number.isFinite(value) && value < lowest),
  };
}
