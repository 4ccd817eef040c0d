import type { EPOCH_PARTICLES } from '@trawl/spec';
import { part, size } from '../data/evaluation.js';
import { imageOf, pngOf } from '../data/image.js';
import type { Particles } from '../data/particles.js';
import { CONTENT_WIDTH, drawHeader, drawLegend, drawNotes, MARGIN } from '../draw/legend.js';
import { drawBoxes, drawDots, MARKS, visible } from '../draw/marks.js';
import { count } from '../draw/numbers.js';
import { FAINT, Scene, SMALL } from '../draw/scene.js';
import { psnr } from './particlePlate.js';

/** What the weights made of the same images as training went on. */
export interface ParticleEpochs {
  title: string;
  subtitle: string;
  /** In order; epochs from 0. */
  epochs: { epoch: number; particles: Pick<Particles, (typeof EPOCH_PARTICLES.arrays)[number]> }[];
}

const LEFT = 50;
const GAP = 3;
const GROUP = 10;
const WIDEST = 56;
const VIEWS = ['image', 'reconstruction', 'foreground', 'background'] as const;
const ARRAYS = {
  image: 'images',
  reconstruction: 'reconstructions',
  foreground: 'foregrounds',
  background: 'backgrounds',
} as const;

/** SVG, 180 mm wide: an epoch a row, for each image four views of it. */
export function particleEpochs({ title, subtitle, epochs }: ParticleEpochs): string {
  const scene = new Scene();
  const [first] = epochs;
  const [images = 0, side = 1] = first?.particles.images.shape ?? [];
  let y = drawHeader(scene, {
    title,
    subtitle: `${subtitle} · ${count(epochs.length, 'epoch')}, first ${count(images, 'validation image')} of ${side} × ${side} pixels`,
  });
  const group = (CONTENT_WIDTH - LEFT) / Math.max(1, images);
  const w = Math.min(WIDEST, (group - GROUP) / VIEWS.length - GAP);
  const columnOf = (image: number, view: number): number => MARGIN + LEFT + image * group + view * (w + GAP);
  for (let image = 0; image < images; image += 1) {
    for (const [view, name] of VIEWS.entries())
      scene.text(columnOf(image, view) + w / 2, y + SMALL, name, { size: SMALL, anchor: 'middle', fill: FAINT });
  }
  y += SMALL * 1.6;
  for (const { epoch, particles } of epochs) {
    scene.text(MARGIN, y + SMALL + 1, `epoch ${epoch}`, { size: SMALL, weight: 'bold' });
    for (let image = 0; image < Math.min(images, size(particles.images, 0)); image += 1) {
      for (const [view, name] of VIEWS.entries()) {
        const box = { x: columnOf(image, view), y, w, h: w };
        scene.image(box, pngOf(imageOf(part(particles[ARRAYS[name]], image), side, side, 3)));
        if (view > 0) continue;
        drawBoxes(scene, box, particles, image);
        drawDots(scene, box, particles, image);
      }
      const say = (view: number, text: string): void =>
        scene.text(columnOf(image, view) + w / 2, y + w + SMALL + 0.5, text, { size: SMALL, anchor: 'middle' });
      say(0, `${visible(particles, image).length} on`);
      say(1, psnr(particles, image));
    }
    y += w + SMALL * 1.5 + GAP;
  }
  y += 2;
  y += drawLegend(scene, [MARKS.particle, MARKS.box], { x: MARGIN, y, w: CONTENT_WIDTH });
  const notes = [
    'From posterior means of the weights as they were at the end of each epoch, counted from 0. In warm-up epochs only glimpses are trained, the background not yet. PSNR is that of the whole image.',
  ];
  y += drawNotes(scene, notes, { x: MARGIN, y, w: CONTENT_WIDTH });
  return scene.svg(y + MARGIN / 2);
}
