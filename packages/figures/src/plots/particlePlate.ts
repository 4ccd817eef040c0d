import { part, size } from '../data/evaluation.js';
import { type Image, imageOf, pngOf } from '../data/image.js';
import type { Particles } from '../data/particles.js';
import { fitText, textWidth } from '../draw/fonts.js';
import { CONTENT_WIDTH, drawHeader, drawLegend, drawNotes, MARGIN } from '../draw/legend.js';
import { colourOf, drawBoxes, drawDots, drawPrior, MARKS, visible } from '../draw/marks.js';
import { brief, count } from '../draw/numbers.js';
import { type Box, FAINT, Scene, SMALL } from '../draw/scene.js';

/** What a model of particles makes of the first validation images (the figure of an epoch of taldatech/ddlp). */
export interface ParticlePlate {
  title: string;
  subtitle: string;
  particles: Particles;
}

const LEFT = 66;
const GAP = 3;
const TALLEST = 64;

interface Row {
  name: string;
  words: string;
  pixels: (image: number) => Image;
  over?: (box: Box, image: number) => void;
  /** Below an image. */
  says?: (image: number) => string;
}

/** SVG, 180 mm wide: an image a column, a view of it a row. */
export function particlePlate({ title, subtitle, particles }: ParticlePlate): string {
  const scene = new Scene();
  const [images = 0, side = 1] = particles.images.shape;
  const k = size(particles.keypoints, 1);
  const shown = (name: 'images' | 'reconstructions' | 'foregrounds' | 'backgrounds') => (image: number) =>
    imageOf(part(particles[name], image), side, side, 3);
  const rows: Row[] = [
    { name: 'image', words: 'as in the data', pixels: shown('images') },
    {
      name: 'prior',
      words: `${size(particles.prior_keypoints, 1)} keypoints`,
      pixels: shown('images'),
      over: (box, image) => drawPrior(scene, box, particles, image),
    },
    {
      name: 'particles',
      words: `those on, of ${k}`,
      pixels: shown('images'),
      over: (box, image) => {
        drawBoxes(scene, box, particles, image);
        drawDots(scene, box, particles, image);
      },
      says: (image) => `${visible(particles, image).length} on`,
    },
    {
      name: 'reconstruction',
      words: 'PSNR below',
      pixels: shown('reconstructions'),
      says: (image) => psnr(particles, image),
    },
    { name: 'foreground', words: 'particles on black', pixels: shown('foregrounds') },
    { name: 'masks', words: 'who draws what', pixels: (image) => masks(particles, image) },
    { name: 'background', words: 'without particles', pixels: shown('backgrounds') },
  ];
  let y = drawHeader(scene, {
    title,
    subtitle: `${subtitle} · first ${count(images, 'validation image')}, ${side} × ${side} pixels`,
  });
  const pitch = Math.min(TALLEST + GAP, (CONTENT_WIDTH - LEFT) / Math.max(1, images));
  const edge = pitch - GAP;
  for (const { name, words, pixels, over, says } of rows) {
    scene.text(MARGIN, y + SMALL + 1, fitText(name, LEFT - 4, SMALL, 'bold'), { size: SMALL, weight: 'bold' });
    scene.text(MARGIN, y + SMALL * 2.4 + 1, fitText(words, LEFT - 4, SMALL), { size: SMALL, fill: FAINT });
    for (let image = 0; image < images; image += 1) {
      const box = { x: MARGIN + LEFT + image * pitch, y, w: edge, h: edge };
      scene.image(box, pngOf(pixels(image)));
      over?.(box, image);
      const text = says?.(image) ?? '';
      if (textWidth(text, SMALL) <= edge)
        scene.text(box.x + edge / 2, y + edge + SMALL + 0.5, text, { size: SMALL, anchor: 'middle' });
    }
    y += Math.max(edge + (says ? SMALL * 1.5 : 0), SMALL * 3) + GAP;
  }
  y += 2;
  y += drawLegend(scene, [MARKS.particle, MARKS.box, MARKS.prior], { x: MARGIN, y, w: CONTENT_WIDTH });
  const notes = [
    'From posterior means. A particle has the same colour in every row: masks show which particle draws a pixel, the brighter, the more of it; black is background. Particles have no order, so colours of different images say nothing to each other.',
  ];
  y += drawNotes(scene, notes, { x: MARGIN, y, w: CONTENT_WIDTH });
  return scene.svg(y + MARGIN / 2);
}

/** Of the bytes. */
export function psnr(
  { images, reconstructions }: Pick<Particles, 'images' | 'reconstructions'>,
  image: number,
): string {
  const [truth, made] = [part(images, image), part(reconstructions, image)];
  let squared = 0;
  for (const [i, value] of truth.entries()) squared += ((value - (made[i] ?? 0)) / 255) ** 2;
  return `${brief(-10 * Math.log10(squared / Math.max(1, truth.length) + 1e-8))} dB`;
}

/** Every pixel in the colours of the particles that draw it. */
function masks({ alpha_masks: alpha, transparency }: Particles, image: number): Image {
  const side = size(alpha, 2);
  const k = size(transparency, 1);
  const data = new Uint8Array(side * side * 3);
  const sums = new Float32Array(data.length);
  for (let particle = 0; particle < k; particle += 1) {
    const colour = colourOf(particle, k);
    const rgb = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    for (const [pixel, share] of part(alpha, image, particle).entries()) {
      for (let c = 0; c < 3; c += 1) sums[3 * pixel + c] = (sums[3 * pixel + c] ?? 0) + (share / 255) * (rgb[c] ?? 0);
    }
  }
  for (const [i, value] of sums.entries()) data[i] = Math.min(255, Math.round(value));
  return { width: side, height: side, channels: 3, data };
}
