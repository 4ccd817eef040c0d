import { decode as decodeJpeg } from '@cwasm/jpeg-turbo';
import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import { BrokenFrame, frameSize, isPng } from './header.js';
import type { FrameSize } from './header.js';

/**
 * Pixels [height, width, channels] of a PNG or JPEG file, transparency dropped as the original does. JPEG is decoded by
 * libjpeg-turbo, whose pixels are those that Pillow gives. @throws BrokenFrame
 */
export function decodeFrame(bytes: Buffer): FrameSize & { pixels: Uint8Array } {
  const size = frameSize(bytes);
  const pixels = size.width * size.height;
  let decoded: { data: ArrayLike<number>; channels: number };
  try {
    decoded = isPng(bytes) ? fromPng(bytes) : { data: decodeJpeg(bytes).data, channels: 4 };
  } catch (error) {
    throw new BrokenFrame(`damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { data, channels: from } = decoded;
  if (data.length !== pixels * from) throw new BrokenFrame(`damaged: ${data.length} of ${pixels * from} values`);
  const kept = new Uint8Array(pixels * size.channels);
  for (let i = 0; i < pixels; i += 1) {
    for (let c = 0; c < size.channels; c += 1) kept[i * size.channels + c] = data[i * from + c] ?? 0;
  }
  return { ...size, pixels: kept };
}

function fromPng(bytes: Buffer): { data: ArrayLike<number>; channels: number } {
  const png = decodePng(bytes);
  // Colour, or colour and transparency, by what the palette holds.
  if (png.palette) return { data: convertIndexedToRgb(png), channels: png.palette[0]?.length ?? 3 };
  return png;
}
