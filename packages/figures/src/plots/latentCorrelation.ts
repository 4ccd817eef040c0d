import type { Evaluation } from '../data/evaluation.js';
import { size } from '../data/evaluation.js';
import { fitText, textWidth } from '../draw/fonts.js';
import { CONTENT_WIDTH, drawHeader, drawNotes, MARGIN } from '../draw/legend.js';
import { brief, count } from '../draw/numbers.js';
import { inkOn, ramp } from '../draw/palette.js';
import { INK, Scene, SMALL } from '../draw/scene.js';

/** Pearson r of the unsupervised latents of one run. */
export interface LatentCorrelation {
  title: string;
  subtitle: string;
  evaluation: Pick<Evaluation, 'correlation' | 'names'>;
}

const LARGEST_CELL = 64;
const BAR = { w: 9, h: 110 };

/** Dark is strongly correlated, whatever the sign. */
const colourOf = (r: number): string => (Number.isFinite(r) ? ramp(0.98 - 0.9 * Math.min(1, Math.abs(r))) : '#e8e8e8');

/** SVG, 180 mm wide. */
export function latentCorrelation({ title, subtitle, evaluation }: LatentCorrelation): string {
  const scene = new Scene();
  const { correlation, names } = evaluation;
  const n = size(correlation, 0);
  const r = (a: number, b: number): number => correlation.data[a * n + b] ?? Number.NaN;
  const pairs = Array.from({ length: n }, (_, a) => Array.from({ length: a }, (__, b) => Math.abs(r(a, b)))).flat();
  const finite = pairs.filter((each) => Number.isFinite(each));
  const mean = finite.length === 0 ? Number.NaN : finite.reduce((a, b) => a + b, 0) / finite.length;
  const words = pairs.length === 0 ? '' : ` · mean |r| ${brief(mean)} over ${count(finite.length, 'pair')}`;
  let y = drawHeader(scene, { title, subtitle: `${subtitle}${words}` });
  if (n < 2) {
    y += drawNotes(scene, [`The model has ${count(n, 'unsupervised latent')}: there is no pair to correlate.`], {
      x: MARGIN,
      y,
      w: CONTENT_WIDTH,
    });
    return scene.svg(y + MARGIN);
  }
  const latents = Array.from({ length: n }, (_, i) => names.latents[names.supervised + i] ?? `latent ${i + 1}`);
  const widest = Math.min(90, Math.max(...latents.map((name) => textWidth(name, SMALL))));
  const cell = Math.min(LARGEST_CELL, (CONTENT_WIDTH - widest - 70) / n);
  const x0 = MARGIN + widest + 4;
  const upright = cell < SMALL * 1.3;
  const level = latents.every((name) => textWidth(name, SMALL) <= cell - 2);
  const above = level ? SMALL * 1.4 : widest + 4;
  const every = upright ? Math.ceil((SMALL * 1.3) / cell) : 1;
  for (const [i, name] of latents.entries()) {
    const middle = (i + 0.5) * cell;
    if (i % every !== 0) continue;
    if (level) scene.text(x0 + middle, y + SMALL, name, { size: SMALL, anchor: 'middle' });
    else
      scene.text(x0 + middle + SMALL * 0.36, y + above - 3, fitText(name, widest, SMALL), {
        size: SMALL,
        upwards: true,
      });
    scene.text(x0 - 4, y + above + middle + SMALL * 0.36, fitText(name, widest, SMALL), { size: SMALL, anchor: 'end' });
  }
  y += above;
  // All or none: a number that is missing for its sign would read as zero.
  const numbered = textWidth('−0.00', SMALL) <= cell - 2;
  for (let a = 0; a < n; a += 1) {
    for (let b = 0; b < n; b += 1) {
      const value = r(a, b);
      const fill = colourOf(value);
      scene.rect({ x: x0 + b * cell, y: y + a * cell, w: cell, h: cell }, { fill, stroke: '#ffffff', width: 0.4 });
      if (!numbered) continue;
      const text = Number.isFinite(value) ? value.toFixed(2).replace('-', '−') : 'NaN';
      scene.text(x0 + (b + 0.5) * cell, y + (a + 0.5) * cell + SMALL * 0.36, text, {
        size: SMALL,
        anchor: 'middle',
        fill: inkOn(fill),
      });
    }
  }
  drawBar(scene, x0 + n * cell + 14, y);
  y += Math.max(n * cell, BAR.h + 4) + 6;
  y += drawNotes(
    scene,
    ['Pearson r of posterior means over the frames of the training split. NaN: a latent never moves.'],
    { x: MARGIN, y, w: CONTENT_WIDTH },
  );
  return scene.svg(y + MARGIN / 2);
}

function drawBar(scene: Scene, x: number, y: number): void {
  for (let i = 0; i < 40; i += 1) {
    scene.rect({ x, y: y + (i * BAR.h) / 40, w: BAR.w, h: BAR.h / 40 + 0.1 }, { fill: colourOf(1 - i / 39) });
  }
  for (const [share, text] of [
    [0, '1'],
    [0.5, '0.5'],
    [1, '0'],
  ] as const) {
    scene.text(x + BAR.w + 3, y + share * BAR.h + (share === 0 ? SMALL * 0.72 : share === 1 ? 0 : SMALL * 0.36), text, {
      size: SMALL,
      fill: INK,
    });
  }
  scene.text(x + BAR.w + 18, y + BAR.h / 2 + SMALL * 0.36, '|r|', { size: SMALL });
}
