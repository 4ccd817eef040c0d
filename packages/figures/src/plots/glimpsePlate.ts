import { part, size } from '../data/evaluation.js';
import { type Image, imageOf, pngOf } from '../data/image.js';
import type { Particles } from '../data/particles.js';
import { fitText } from '../draw/fonts.js';
import { CONTENT_WIDTH, drawHeader, drawLegend, drawNotes, MARGIN } from '../draw/legend.js';
import { drawBoxes, drawDots, MARKS, visible } from '../draw/marks.js';
import { brief, count } from '../draw/numbers.js';
import { FAINT, INK, Scene, SMALL } from '../draw/scene.js';
import { FigureFault } from '../fault.js';

/** The particles of one image, one by one: what each sees and what it draws. */
export interface GlimpsePlate {
  title: string;
  subtitle: string;
  particles: Particles;
  /** Which of the images, from 0. */
  base: number;
}

const LEFT = 66;
const GAP = 4;
const WIDEST = 48;
const COLUMNS = 10;

/** SVG, 180 mm wide: a particle a column, the surest first. @throws FigureFault where there is no such image */
export function glimpsePlate({ title, subtitle, particles, base }: GlimpsePlate): string {
  const images = size(particles.images, 0);
  if (base >= images) throw new FigureFault('base', base, `0 to ${images - 1}`);
  const scene = new Scene();
  const [, side = 1] = particles.images.shape;
  const [, k = 0, glimpse = 1] = particles.glimpses.shape;
  const on = visible(particles, base);
  let y = drawHeader(scene, {
    title,
    subtitle: `${subtitle} · validation image ${base + 1} of ${images} · ${on.length} of ${count(k, 'particle')} on · glimpses of ${glimpse} × ${glimpse} pixels`,
  });
  const edge = 84;
  for (const [i, name] of (['images', 'reconstructions'] as const).entries()) {
    const box = { x: MARGIN + LEFT + i * (edge + GAP), y: y + SMALL * 1.5, w: edge, h: edge };
    scene.text(box.x, y + SMALL, i === 0 ? 'image' : 'reconstruction', { size: SMALL, fill: FAINT });
    scene.image(box, pngOf(imageOf(part(particles[name], base), side, side, 3)));
    if (i > 0) continue;
    drawBoxes(scene, box, particles, base);
    drawDots(scene, box, particles, base);
  }
  y += edge + SMALL * 1.5 + GAP * 2;

  const transparency = part(particles.transparency, base);
  const order = [...transparency.keys()].toSorted((a, b) => (transparency[b] ?? 0) - (transparency[a] ?? 0));
  const pitch = Math.min(WIDEST + GAP, (CONTENT_WIDTH - LEFT) / Math.min(COLUMNS, Math.max(1, k)));
  const w = pitch - GAP;
  const rows: { name: string; words: string; pixels: (particle: number) => Image }[] = [
    {
      name: 'glimpse',
      words: 'cut out',
      pixels: (i) => imageOf(part(particles.glimpses, base, i), glimpse, glimpse, 3),
    },
    {
      name: 'decoded',
      words: 'on mid grey',
      pixels: (i) => decoded(part(particles.decoded_glimpses, base, i), glimpse),
    },
    {
      name: 'alpha',
      words: 'of the glimpse',
      pixels: (i) => alpha(part(particles.decoded_glimpses, base, i), glimpse),
    },
    {
      name: 'mask',
      words: 'in the image',
      pixels: (i) => imageOf(part(particles.alpha_masks, base, i), side, side, 1),
    },
  ];
  for (let first = 0; first < order.length; first += COLUMNS) {
    const some = order.slice(first, first + COLUMNS);
    const texts: [string, (particle: number) => string][] = [
      ['transparency', (i) => brief(transparency[i] ?? Number.NaN)],
      ['depth', (i) => brief(part(particles.depth, base, i)[0] ?? Number.NaN)],
      ['height, pixels', (i) => brief(side * (part(particles.scales, base, i)[0] ?? Number.NaN))],
      ['width, pixels', (i) => brief(side * (part(particles.scales, base, i)[1] ?? Number.NaN))],
    ];
    for (const { name, words, pixels } of rows) {
      scene.text(MARGIN, y + SMALL + 1, name, { size: SMALL, weight: 'bold' });
      scene.text(MARGIN, y + SMALL * 2.4 + 1, words, { size: SMALL, fill: FAINT });
      for (const [i, particle] of some.entries()) {
        const box = { x: MARGIN + LEFT + i * pitch, y, w, h: w };
        scene.image(box, pngOf(pixels(particle)));
        if (!on.includes(particle)) scene.line(box.x, box.y + w, box.x + w, box.y, { stroke: INK, width: 0.5 });
      }
      y += Math.max(w, SMALL * 3) + GAP / 2;
    }
    for (const [name, of] of texts) {
      scene.text(MARGIN, y + SMALL, name, { size: SMALL, fill: FAINT });
      for (const [i, particle] of some.entries())
        scene.text(MARGIN + LEFT + i * pitch + w / 2, y + SMALL, fitText(of(particle), pitch - 2, SMALL), {
          size: SMALL,
          anchor: 'middle',
        });
      y += SMALL * 1.4;
    }
    y += GAP * 2;
  }
  const off = {
    text: 'off',
    keyWidth: 6,
    drawKey: (to: Scene, x: number, middle: number) =>
      to.line(x, middle + 3, x + 6, middle - 3, { stroke: INK, width: 0.5 }),
  };
  y += drawLegend(scene, [MARKS.particle, MARKS.box, off], { x: MARGIN, y, w: CONTENT_WIDTH });
  const notes = [
    'From posterior means, the most opaque first. Transparency 1 is on; of two particles the one of smaller depth is in front. The mask is what is left of alpha in the image once particles are weighed against each other.',
  ];
  y += drawNotes(scene, notes, { x: MARGIN, y, w: CONTENT_WIDTH });
  return scene.svg(y + MARGIN / 2);
}

const GREY = 128;

/** Colour over mid grey, as much as its alpha says. */
function decoded(rgba: ArrayLike<number>, side: number): Image {
  const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
    const at = 4 * Math.floor(i / 3);
    const opaque = (rgba[at] ?? 0) / 255;
    return Math.round(opaque * (rgba[at + 1 + (i % 3)] ?? 0) + (1 - opaque) * GREY);
  });
  return { width: side, height: side, channels: 3, data };
}

const alpha = (rgba: ArrayLike<number>, side: number): Image => ({
  width: side,
  height: side,
  channels: 1,
  data: Uint8Array.from({ length: side * side }, (_, i) => rgba[4 * i] ?? 0),
});
