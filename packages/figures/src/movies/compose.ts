import { fitText, textWidth, wrapText } from '../draw/fonts.js';
import { FAINT, Scene } from '../draw/scene.js';
import { toPixels } from '../render/png.js';
import { FRAMES_PER_SECOND, framesOf, type Movie } from './movie.js';

/** Frames of a movie: grey (1) or RGB (3), width and height even, as video codecs want them. */
export interface Film {
  width: number;
  height: number;
  channels: 1 | 3;
  frames: Uint8Array[];
  framesPerSecond: number;
}

/** Frames of pictures that were given, and of those that were not: blue and orange of the palette that everyone can tell apart. */
const GIVEN = [0, 114, 178];
const PREDICTED = [213, 94, 0];
const FRAME = 3;

const MARGIN = 12;
const GAP = 12;
const TITLE = 16;
const TEXT = 12;
const LINE = 16;
/** Below a panel: a scale with a knob, then its ends in words. */
const SCALE = 22;
/** Widest and narrowest movie that is aimed at; a panel is enlarged by whole pixels. */
const WIDEST = 1280;
const NARROWEST = 360;

interface Layout {
  width: number;
  height: number;
  factor: number;
  /** Top left of each panel's picture. */
  places: { x: number; y: number }[];
  w: number;
  h: number;
  top: number;
}

/** Draws every frame. The texts of a scene are drawn once, the pictures are copied in. */
export async function compose(movie: Movie): Promise<Film> {
  const images = movie.panels.flatMap((panel) => panel.scenes.flat());
  const channels = movie.time || images.some((image) => image.channels === 3) ? 3 : 1;
  const layout = layoutOf(movie);
  const { width, height } = layout;
  const backgrounds: Uint8Array[] = [];
  for (const scene of movie.scenes.keys()) backgrounds.push(await background(movie, scene, layout, channels));
  const frames = framesOf(movie).map(({ scene, step }) => {
    const frame = Uint8Array.from(backgrounds[scene] ?? []);
    for (const [i, panel] of movie.panels.entries()) {
      const place = layout.places[i] ?? { x: 0, y: 0 };
      const steps = panel.scenes[scene] ?? [];
      const image = step === null ? undefined : steps[step];
      fill(frame, width, channels, { ...place, w: layout.w, h: layout.h }, 0);
      if (image === undefined || step === null) continue;
      copy(frame, width, channels, image, place, layout.factor);
      if (movie.time) frameIn(frame, width, { ...place, w: layout.w, h: layout.h }, step < movie.time.given);
      const knob = knobAt(place.x, layout.w, step, steps.length);
      fill(frame, width, channels, { x: knob, y: place.y + layout.h + 2, w: KNOB, h: KNOB }, 30);
    }
    return frame;
  });
  return { width, height, channels, frames, framesPerSecond: movie.time?.framesPerSecond ?? FRAMES_PER_SECOND };
}

function layoutOf({ subtitle, columns, panels }: Movie): Layout {
  const image = panels.flatMap((panel) => panel.scenes.flat())[0] ?? { width: 1, height: 1 };
  const room = (WIDEST - 2 * MARGIN - GAP * (columns - 1)) / columns;
  const factor = Math.max(1, Math.min(Math.floor(room / image.width), Math.ceil(176 / image.width)));
  const [w, h] = [image.width * factor, image.height * factor];
  const width = even(Math.max(NARROWEST, 2 * MARGIN + columns * w + (columns - 1) * GAP));
  const top = MARGIN + TITLE + 6 + wrapText(subtitle, width - 2 * MARGIN, TEXT).length * LINE + LINE + 6;
  const pitch = { x: w + GAP, y: LINE + h + SCALE + 6 };
  const places = panels.map((_, i) => ({
    x: MARGIN + (i % columns) * pitch.x,
    y: top + Math.floor(i / columns) * pitch.y + LINE,
  }));
  const rows = Math.ceil(panels.length / columns);
  return { width, height: even(top + rows * pitch.y + MARGIN / 2), factor, places, w, h, top };
}

const KNOB = 6;
const knobAt = (x: number, w: number, step: number, steps: number): number =>
  x + Math.round(((w - KNOB) * step) / Math.max(1, steps - 1));

const even = (n: number): number => 2 * Math.ceil(n / 2);

/** The words of a scene as SVG; its unit is a pixel. */
export function wordsOf(
  movie: Movie,
  sceneIndex: number,
  { width, height, places, w, h }: Layout = layoutOf(movie),
): string {
  const scene = new Scene(width);
  scene.text(MARGIN, MARGIN + TITLE * 0.8, fitText(movie.title, width - 2 * MARGIN, TITLE, 'bold'), {
    size: TITLE,
    weight: 'bold',
  });
  let y = MARGIN + TITLE + 6;
  for (const line of [
    ...wrapText(movie.subtitle, width - 2 * MARGIN, TEXT),
    fitText(movie.scenes[sceneIndex] ?? '', width - 2 * MARGIN, TEXT),
  ]) {
    scene.text(MARGIN, y + TEXT * 0.8, line, { size: TEXT, fill: FAINT });
    y += LINE;
  }
  for (const [i, { title, low, high, scenes }] of movie.panels.entries()) {
    const place = places[i] ?? { x: 0, y: 0 };
    scene.text(place.x, place.y - 4, fitText(title, w, TEXT, 'bold'), { size: TEXT, weight: 'bold' });
    scene.rect({ x: place.x, y: place.y + h + 4, w, h: 2 }, { fill: '#bbbbbb' });
    if (movie.time) {
      // Between the knob's last place of what was given and its next.
      const at = knobAt(place.x, w, movie.time.given - 0.5, scenes[sceneIndex]?.length ?? 0) + KNOB / 2;
      scene.rect({ x: at - 1, y: place.y + h + 1, w: 2, h: 8 }, { fill: '#444444' });
    }
    const below = place.y + h + 8 + TEXT * 0.85;
    const half = w / 2 - 4;
    scene.text(place.x, below, fitText(low, half, TEXT), { size: TEXT, fill: FAINT });
    scene.text(place.x + w - textWidth(fitText(high, half, TEXT), TEXT), below, fitText(high, half, TEXT), {
      size: TEXT,
      fill: FAINT,
    });
  }
  return scene.svg(height);
}

async function background(movie: Movie, scene: number, layout: Layout, channels: 1 | 3): Promise<Uint8Array> {
  const drawn = await toPixels(wordsOf(movie, scene, layout), layout.width);
  const pixels = new Uint8Array(layout.width * layout.height * channels).fill(255);
  const rows = Math.min(layout.height, drawn.height);
  for (let at = 0; at < layout.width * rows; at += 1) {
    for (let c = 0; c < channels; c += 1) pixels[at * channels + c] = drawn.data[at * 4 + c] ?? 255;
  }
  return pixels;
}

function fill(
  frame: Uint8Array,
  width: number,
  channels: number,
  box: { x: number; y: number; w: number; h: number },
  value: number,
): void {
  for (let y = box.y; y < box.y + box.h; y += 1) {
    const start = (y * width + box.x) * channels;
    frame.fill(value, start, start + box.w * channels);
  }
}

/** Over the outermost pixels of a picture. */
function frameIn(
  frame: Uint8Array,
  width: number,
  { x, y, w, h }: { x: number; y: number; w: number; h: number },
  given: boolean,
): void {
  const colour = given ? GIVEN : PREDICTED;
  for (let row = 0; row < h; row += 1) {
    const edge = row < FRAME || row >= h - FRAME;
    for (let column = 0; column < w; column += 1) {
      if (edge || column < FRAME || column >= w - FRAME) frame.set(colour, ((y + row) * width + x + column) * 3);
    }
  }
}

/** Each pixel as a square of factor x factor. */
function copy(
  frame: Uint8Array,
  width: number,
  channels: 1 | 3,
  image: Movie['panels'][number]['scenes'][number][number],
  at: { x: number; y: number },
  factor: number,
): void {
  const row = new Uint8Array(image.width * factor * channels);
  for (let y = 0; y < image.height; y += 1) {
    for (let x = 0; x < image.width; x += 1) {
      const from = (y * image.width + x) * image.channels;
      for (let c = 0; c < channels; c += 1) {
        const value = image.data[from + (image.channels === 3 ? c : 0)] ?? 0;
        for (let k = 0; k < factor; k += 1) row[(x * factor + k) * channels + c] = value;
      }
    }
    for (let k = 0; k < factor; k += 1) frame.set(row, ((at.y + y * factor + k) * width + at.x) * channels);
  }
}
