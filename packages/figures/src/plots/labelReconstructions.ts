import { FigureFault } from '../fault.js';
import { SPLITS } from '@trawl/spec/metrics';
import { drawValueAxis, valueAxis } from '../draw/axes.js';
import { fitText, textWidth } from '../draw/fonts.js';
import { CONTENT_WIDTH, drawHeader, drawLegend, drawNotes, type Entry, MARGIN } from '../draw/legend.js';
import { brief, count } from '../draw/numbers.js';
import { FAINT, Scene, SMALL } from '../draw/scene.js';
import { type Evaluation, size } from '../data/evaluation.js';

/** True and predicted labels of one run over held-out trials (BehaveNet's plot_label_reconstructions). */
export interface LabelReconstructions {
  title: string;
  subtitle: string;
  evaluation: Pick<
    Evaluation,
    'labels_true' | 'labels_predicted' | 'labels_mask' | 'frame_trial' | 'frame_split' | 'names'
  >;
  /** Trials to show; null: the first ones, as many as are legible. */
  trials: number[] | null;
}

/** Frames that are legible over the width. */
const FRAMES_SHOWN = 260;
const TRUE = '#8f8f8f';
const PREDICTED = '#1d3a7a';
const LEFT = 58;
const RIGHT = 62;

interface Trial {
  trial: number;
  split: number;
  rows: number[];
}

/** 1 - SSres / SStot about the label's own mean, over unmasked entries of all held-out frames. */
export interface Fit {
  n: number;
  r2: number;
  mse: number;
}

/** SVG, 180 mm wide. */
export function labelReconstructions({ title, subtitle, evaluation, trials: wanted }: LabelReconstructions): string {
  const scene = new Scene();
  const { names } = evaluation;
  const fits = names.labels.map((_, label) => fitOf(evaluation, label));
  const all = trialsOf(evaluation);
  const shown = wanted === null ? firstOf(all) : all.filter(({ trial }) => wanted.includes(trial));
  if (wanted !== null && shown.length === 0) {
    throw new FigureFault(
      'trials',
      wanted.join(','),
      all.map(({ trial }) => trial).join(', ') || 'none: there are no held-out trials',
    );
  }
  const pooled = `R² over all labels ${brief(pooledR2(evaluation))}`;
  let lonely = false;
  let y = drawHeader(scene, {
    title,
    subtitle: `${subtitle} · ${pooled} · ${count(
      fits.reduce((sum, { n }) => sum + n, 0),
      'labelled value',
    )} of ${count(all.length, 'held-out trial')}`,
  });
  if (names.labels.length === 0 || shown.length === 0) {
    const words = names.labels.length === 0 ? 'The model predicts no labels.' : 'There are no held-out frames.';
    y += drawNotes(scene, [words], { x: MARGIN, y, w: CONTENT_WIDTH });
    return scene.svg(y + MARGIN);
  }
  const h = Math.max(15, Math.min(46, 430 / names.labels.length));
  const gap = 9;
  const w = CONTENT_WIDTH - LEFT - RIGHT;
  const x0 = MARGIN + LEFT;
  const between = 5;
  const frames = shown.reduce((sum, { rows }) => sum + rows.length, 0);
  const step = (w - between * (shown.length - 1)) / Math.max(1, frames);
  const starts: number[] = [];
  let x = x0;
  for (const { rows } of shown) {
    starts.push(x);
    x += rows.length * step + between;
  }
  for (const [i, { trial, split, rows }] of shown.entries()) {
    const room = rows.length * step + between - 2;
    const text = [`trial ${trial} · ${SPLITS[split] ?? ''}`, `${trial}`].find((each) => textWidth(each, SMALL) <= room);
    scene.text(starts[i] ?? x0, y + SMALL, text ?? '', { size: SMALL, fill: FAINT });
  }
  y += SMALL * 1.4;
  for (const [label, name] of names.labels.entries()) {
    const row = { x: x0, y, w, h };
    drawRow(label, row);
    scene.text(MARGIN, y + h / 2, fitText(name, LEFT - 24, SMALL, 'bold'), { size: SMALL, weight: 'bold' });
    const fit = fits[label] ?? { n: 0, r2: Number.NaN, mse: Number.NaN };
    const at = x0 + w + 5;
    for (const [i, words] of [
      `R² ${brief(fit.r2)}`,
      ...(h >= 24 ? [`MSE ${brief(fit.mse)}`, `n = ${fit.n}`] : []),
    ].entries()) {
      scene.text(at, y + h / 2 - (h >= 24 ? 6 : -2) + i * SMALL * 1.25, fitText(words, RIGHT - 5, SMALL), {
        size: SMALL,
      });
    }
    y += h + gap;
  }
  const bar = [50, 20, 10, 5, 1].find((each) => each * step <= w / 4) ?? 1;
  scene.line(x0, y + 2, x0 + bar * step, y + 2, { stroke: '#1a1a1a', width: 1.2 });
  scene.text(x0 + bar * step + 4, y + 4, count(bar, 'frame'), { size: SMALL });
  y += 9;
  y += drawLegend(
    scene,
    LEGEND.filter((_, i) => i !== ALONE || lonely),
    { x: MARGIN, y, w: CONTENT_WIDTH },
  );
  const left = all.length - shown.length;
  const notes = [
    'Labels in the units of the data. R² and MSE over the unmasked entries of all held-out frames (val and test), R² about the label’s own mean; a gap in the true trace is a masked label.',
    ...(left > 0 ? [`${count(left, 'more held-out trial')} not shown.`] : []),
  ];
  y += drawNotes(scene, notes, { x: MARGIN, y, w: CONTENT_WIDTH });
  return scene.svg(y + MARGIN / 2);

  function drawRow(label: number, row: { x: number; y: number; w: number; h: number }): void {
    const truth = shown.map(({ rows }) => rows.map((at) => valueAt(evaluation, 'labels_true', at, label)));
    const guess = shown.map(({ rows }) => rows.map((at) => valueAt(evaluation, 'labels_predicted', at, label)));
    const axis = valueAxis([...truth, ...guess].flat(), row, { nice: false });
    drawValueAxis(scene, row, axis);
    for (const [i, values] of truth.entries()) {
      const start = starts[i] ?? x0;
      const points = values.map((value, k): [number, number] => [start + (k + 0.5) * step, axis.at(value)]);
      scene.polyline(points, { stroke: TRUE, width: 1.8 });
      for (const [k, [px, py]] of points.entries()) {
        const alone = !Number.isFinite(values[k - 1] ?? Number.NaN) && !Number.isFinite(values[k + 1] ?? Number.NaN);
        if (!alone || !Number.isFinite(py)) continue;
        lonely = true;
        scene.path('M-1.5,0A1.5,1.5 0 1 0 1.5,0A1.5,1.5 0 1 0 -1.5,0', { fill: TRUE }, px, py);
      }
      scene.polyline(
        (guess[i] ?? []).map((value, k) => [start + (k + 0.5) * step, axis.at(value)]),
        { stroke: PREDICTED, width: 0.8 },
      );
      if (i > 0)
        scene.line(start - between / 2, row.y, start - between / 2, row.y + row.h, {
          stroke: '#c0c0c0',
          width: 0.4,
          dash: '1 1.5',
        });
    }
  }
}

const LEGEND: Entry[] = [
  { text: 'true', keyWidth: 12, drawKey: (scene, x, y) => scene.line(x, y, x + 12, y, { stroke: TRUE, width: 1.8 }) },
  {
    text: 'true, one frame alone',
    keyWidth: 5,
    drawKey: (scene, x, y) =>
      scene.path('M-1.5,0A1.5,1.5 0 1 0 1.5,0A1.5,1.5 0 1 0 -1.5,0', { fill: TRUE }, x + 2.5, y),
  },
  {
    text: 'predicted',
    keyWidth: 12,
    drawKey: (scene, x, y) => scene.line(x, y, x + 12, y, { stroke: PREDICTED, width: 0.8 }),
  },
];
/** Of the legend: shown where it occurs. */
const ALONE = 1;

type Labels = LabelReconstructions['evaluation'];

/** NaN where the label is masked (what is predicted is there everywhere). */
function valueAt(evaluation: Labels, which: 'labels_true' | 'labels_predicted', row: number, label: number): number {
  const at = row * evaluation.names.labels.length + label;
  if (which === 'labels_true' && evaluation.labels_mask.data[at] === 0) return Number.NaN;
  return evaluation[which].data[at] ?? Number.NaN;
}

/** The held-out trials of the file that there are rows of, in its order. */
export function trialsOf({ frame_trial, frame_split }: Pick<Evaluation, 'frame_trial' | 'frame_split'>): Trial[] {
  const trials: Trial[] = [];
  for (let row = 0; row < size(frame_trial, 0); row += 1) {
    const trial = frame_trial.data[row] ?? 0;
    const split = frame_split.data[row] ?? 0;
    const last = trials.at(-1);
    if (last?.trial === trial && last.split === split) last.rows.push(row);
    else trials.push({ trial, split, rows: [row] });
  }
  return trials;
}

function firstOf(trials: readonly Trial[]): Trial[] {
  const shown: Trial[] = [];
  let frames = 0;
  for (const trial of trials) {
    if (shown.length > 0 && frames + trial.rows.length > FRAMES_SHOWN) break;
    shown.push(trial);
    frames += trial.rows.length;
  }
  return shown;
}

function fitOf(evaluation: Labels, label: number): Fit {
  const { n, error, spread } = sumsOf(evaluation, label);
  return { n, r2: 1 - error / spread, mse: error / n };
}

function pooledR2(evaluation: Labels): number {
  const sums = evaluation.names.labels.map((_, label) => sumsOf(evaluation, label));
  return (
    1 - sums.reduce((total, { error }) => total + error, 0) / sums.reduce((total, { spread }) => total + spread, 0)
  );
}

function sumsOf(evaluation: Labels, label: number): { n: number; error: number; spread: number } {
  const pairs: [number, number][] = [];
  for (let row = 0; row < size(evaluation.labels_true, 0); row += 1) {
    const truth = valueAt(evaluation, 'labels_true', row, label);
    if (!Number.isNaN(truth)) pairs.push([truth, valueAt(evaluation, 'labels_predicted', row, label)]);
  }
  const mean = pairs.reduce((sum, [truth]) => sum + truth, 0) / pairs.length;
  return {
    n: pairs.length,
    error: pairs.reduce((sum, [truth, guess]) => sum + (truth - guess) ** 2, 0),
    spread: pairs.reduce((sum, [truth]) => sum + (truth - mean) ** 2, 0),
  };
}
