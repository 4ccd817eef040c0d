import { encode } from 'fast-png';

/** Rows from the top; 1 channel is grey, 3 are red, green, blue. */
export interface Image {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Uint8Array;
}

export const pngOf = ({ width, height, channels, data }: Image): Uint8Array =>
  encode({ width, height, channels, data, depth: 8 });

/**
 * A frame [H, W, C] as it is shown: 3 channels are colours, of any other number the channels are views and stand side by
 * side in grey.
 */
export function imageOf(frame: ArrayLike<number>, height: number, width: number, channels: number): Image {
  if (channels === 1 || channels === 3) return { width, height, channels, data: Uint8Array.from(frame) };
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < channels; c += 1) {
        data[y * width * channels + c * width + x] = frame[(y * width + x) * channels + c] ?? 0;
      }
    }
  }
  return { width: width * channels, height, channels: 1, data };
}

/** Mid grey where nothing changed; `gain` 1 has the contrast of the frames. */
export function difference(frame: Image, from: Image, gain: number): Image {
  const data = Uint8Array.from(frame.data, (value, i) =>
    Math.max(0, Math.min(255, Math.round(127.5 + gain * (value - (from.data[i] ?? 0))))),
  );
  return { ...frame, data };
}
