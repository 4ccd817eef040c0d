import { EVALUATION_LIMITS } from '@trawl/spec/evaluation';
import { assertBase, type Evaluation, part, size } from '../data/evaluation.js';
import { difference, type Image, imageOf, pngOf } from '../data/image.js';
import { fitText } from '../draw/fonts.js';
import { CONTENT_WIDTH, drawHeader, drawNotes, MARGIN } from '../draw/legend.js';
import { brief } from '../draw/numbers.js';
import { FAINT, Scene, SMALL } from '../draw/scene.js';

/** Frames along each latent of one run from one base frame (BehaveNet's plot_latent_traversals). */
export interface TraversalPlate {
  title: string;
  subtitle: string;
  evaluation: Pick<Evaluation, 'base_frame_at' | 'base_frames' | 'traversal_values' | 'traversal_frames' | 'names'>;
  /** Which base frame, from 0. */
  base: number;
}

const LEFT = 80;
const FEWEST_COLUMNS = 7;
const GAP = 3;
/** Of a frame, pt. */
const TALLEST = 60;
const LEAST = 18;
/** What fits a page of A4 with its caption. */
const PAGE_HEIGHT = 700;

/** SVG, 180 mm wide: two rows a latent, its frames and their difference from the first. */
export function traversalPlate({ title, subtitle, evaluation, base }: TraversalPlate): string {
  assertBase(evaluation, base);
  const scene = new Scene();
  const { traversal_values: values, traversal_frames: frames, names } = evaluation;
  const latents = size(values, 0);
  const steps = size(values, 1);
  const [trial, frame] = part(evaluation.base_frame_at, base);
  let y = drawHeader(scene, {
    title,
    subtitle: `${subtitle} · base frame ${base + 1} of ${size(frames, 0)}: trial ${trial ?? '?'}, frame ${frame ?? '?'}`,
  });
  const [height = 1, width = 1, channels = 1] = frames.shape.slice(3);
  const shownWidth = channels === 1 || channels === 3 ? width : width * channels;
  const room = CONTENT_WIDTH - LEFT;
  const tallest = Math.max(LEAST, Math.min(TALLEST, (PAGE_HEIGHT / (latents + 0.5) - 7) / 2));
  const most = Math.max(FEWEST_COLUMNS, Math.floor(room / ((tallest * shownWidth) / height + GAP)));
  const columns = chosen(steps, most);
  const h = Math.min(tallest, ((room / columns.length - GAP) * height) / shownWidth);
  const w = (h * shownWidth) / height;
  const pitch = w + GAP;
  const x0 = MARGIN + LEFT;
  const original = imageOf(part(evaluation.base_frames, base), height, width, channels);
  scene.text(MARGIN, y + SMALL + 2, 'base frame', { size: SMALL, weight: 'bold' });
  scene.text(MARGIN, y + SMALL * 2.3 + 2, 'as in the data', { size: SMALL, fill: FAINT });
  scene.image({ x: x0, y, w, h }, pngOf(original));
  y += h + 6;
  for (const [i, step] of columns.entries()) {
    const word =
      i === 0 ? 'low end' : i === columns.length - 1 ? 'high end' : w > 44 ? `step ${step + 1} of ${steps}` : '';
    scene.text(x0 + i * pitch, y + SMALL, fitText(word, pitch - 2, SMALL), { size: SMALL, fill: FAINT });
  }
  y += SMALL * 1.5;
  for (let latent = 0; latent < latents; latent += 1) {
    const images = columns.map((step) => imageOf(part(frames, base, latent, step), height, width, channels));
    const [first] = images;
    const gain = gainOf(images);
    const range = part(values, latent);
    const label = names.latents[latent] ?? `latent ${latent + 1}`;
    scene.text(MARGIN, y + SMALL + 1, fitText(label, LEFT - 6, SMALL, 'bold'), { size: SMALL, weight: 'bold' });
    const ends = `${brief(range[0] ?? Number.NaN)} … ${brief(range.at(-1) ?? Number.NaN)}`;
    scene.text(MARGIN, y + SMALL * 2.3 + 1, fitText(ends, LEFT - 6, SMALL), { size: SMALL });
    if (h > SMALL * 3.4) {
      scene.text(MARGIN, y + SMALL * 3.6 + 1, fitText(unitOf(latent, evaluation), LEFT - 6, SMALL), {
        size: SMALL,
        fill: FAINT,
      });
    }
    scene.text(MARGIN, y + h + 2 + SMALL + 1, gain === 1 ? 'difference' : `difference × ${gain}`, {
      size: SMALL,
      fill: FAINT,
    });
    for (const [i, image] of images.entries()) {
      scene.image({ x: x0 + i * pitch, y, w, h }, pngOf(image));
      scene.image({ x: x0 + i * pitch, y: y + h + 1.5, w, h }, pngOf(difference(image, first ?? image, gain)));
    }
    y += Math.max(2 * h + 1.5, h + 2 + SMALL * 2, SMALL * 4) + 5;
  }
  const [low, high] = EVALUATION_LIMITS.labelPercentiles;
  const [from, to] = EVALUATION_LIMITS.latentPercentiles;
  const notes = [
    `Each latent runs from its low to its high percentile over all trials (supervised ${low}–${high} % of its label, others ${from}–${to} % of posterior means), the others stay at the base frame’s. Difference rows: frame minus the frame at the low end, times the number at their left; mid grey is no change.`,
  ];
  y += drawNotes(scene, notes, { x: MARGIN, y, w: CONTENT_WIDTH });
  return scene.svg(y + MARGIN / 2);
}

export function unitOf(latent: number, { names }: Pick<Evaluation, 'names'>): string {
  return latent < names.supervised ? 'units of the label' : 'units of the latent';
}

const GAINS = [8, 4, 2, 1, 0.5];
/** So much of all changes must not be cut off. */
const SHOWN_SHARE = 0.995;

/** The strongest contrast at which hardly a difference leaves the greys. */
function gainOf(images: readonly Image[]): number {
  const first = images[0]?.data;
  const changes = images
    .slice(1)
    .flatMap(({ data }) => Array.from(data, (value, i) => Math.abs(value - (first?.[i] ?? 0))));
  const cutOff = (gain: number): number => changes.filter((change) => change * gain > 127).length;
  return GAINS.find((gain) => cutOff(gain) <= changes.length * (1 - SHOWN_SHARE)) ?? 0.5;
}

/** First, last and evenly between. */
function chosen(steps: number, most: number): number[] {
  const n = Math.min(steps, most);
  return [...new Set(Array.from({ length: n }, (_, i) => (n < 2 ? 0 : Math.round((i * (steps - 1)) / (n - 1)))))];
}
