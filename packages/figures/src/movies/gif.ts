import { createRequire } from 'node:module';
import type Gifenc from 'gifenc';
import type { Film } from './compose.js';

// CommonJS that says it is a module: Node and bundlers take its default for different things.
const { GIFEncoder, quantize, applyPalette }: typeof Gifenc = createRequire(import.meta.url)('gifenc');

const GREYS = Array.from({ length: 256 }, (_, i) => [i, i, i]);

/** An animated GIF that repeats for ever. Grey films keep every grey; colours are reduced to 256 a frame. */
export function gifOf({ width, height, channels, frames, framesPerSecond }: Film): Uint8Array {
  const encoder = GIFEncoder();
  const delay = 1_000 / framesPerSecond;
  for (const frame of frames) {
    if (channels === 1) {
      encoder.writeFrame(frame, width, height, { palette: GREYS, delay, repeat: 0 });
      continue;
    }
    const rgba = new Uint8Array(width * height * 4).fill(255);
    for (let at = 0; at < width * height; at += 1) rgba.set(frame.subarray(at * 3, at * 3 + 3), at * 4);
    const palette = quantize(rgba, 256);
    encoder.writeFrame(applyPalette(rgba, palette), width, height, { palette, delay, repeat: 0 });
  }
  encoder.finish();
  return encoder.bytes();
}
