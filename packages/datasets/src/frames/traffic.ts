import { open } from 'node:fs/promises';
import path from 'node:path';
import { type Place, refuse, type Video } from './footage.js';
import type { FramesSpec } from './layouts.js';
import type { Clip } from './plan.js';

/* Traffic: one .npy of bytes [frames, height, width, 3]; four fifths to train on as one video, the rest in episodes. */

const EPISODE = 50;
const LEGAL = "numpy's .npy of uint8 [frames, height, width, 3] in C order";
const MOST_HEADER = 4096;

/** The array's facts from its header. @throws DatasetError */
export async function arrayVideo({ real, at }: Place): Promise<Video> {
  const file = await open(real);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_HEADER), 0, MOST_HEADER, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (bytes.length < 12 || bytes.toString('latin1', 1, 6) !== 'NUMPY')
      throw refuse(at, 'no array of numpy', null, LEGAL);
    const long = bytes.readUInt8(6) >= 2;
    const start = long ? 12 : 10;
    const offset = start + (long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
    const header = bytes.toString('latin1', start, offset);
    const numbers = /'shape': *\(([^)]*)\)/.exec(header)?.[1]?.split(',').map(Number) ?? [];
    const [count = 0, height = 0, width = 0, channels = 0] = numbers;
    const plain = /'descr': *'\|u1'/.test(header) && /'fortran_order': *False/.test(header);
    if (!plain || numbers.length !== 4 || channels !== 3)
      throw refuse(at, 'another kind of array', header.trim(), LEGAL);
    if (size < offset + count * height * width * 3)
      throw refuse(at, 'the array is cut off', `${size} bytes`, `${offset + count * height * width * 3} bytes`);
    const name = path.basename(real);
    return {
      name,
      split: null,
      kind: 'array',
      files: [''],
      count,
      size: { height, width, channels },
      loose: false,
      offset,
    };
  } finally {
    await file.close();
  }
}

const cut = (frames: readonly number[], length: number, most: number | null): number[][] =>
  Array.from({ length: Math.floor(frames.length / length) }, (_, i) =>
    frames.slice(i * length, (i + 1) * length),
  ).slice(0, most ?? undefined);

/** As the original splits it: in order, 80 to 10 to 10. */
export function planTraffic(video: Video, { train, val, test, clip }: FramesSpec, at: string): Clip[] {
  const { count } = video;
  const bounds = [0, Math.floor(0.8 * count), Math.floor(0.9 * count), count];
  const part = (which: number): number[] => {
    const [from = 0, to = 0] = bounds.slice(which);
    return Array.from({ length: to - from }, (_, i) => from + i);
  };
  const training = part(0);
  const parts = {
    train:
      clip === null ? [training.slice(0, train === null ? undefined : train * EPISODE)] : cut(training, clip, train),
    val: cut(part(1), clip ?? EPISODE, val),
    test: cut(part(2), clip ?? EPISODE, test),
  };
  if (parts.train.length * parts.val.length === 0)
    throw refuse(
      at,
      'too few frames',
      `${count}: a tenth holds no episode of ${clip ?? EPISODE}`,
      `at least ${10 * (clip ?? EPISODE)} frames`,
    );
  return (['train', 'val', 'test'] as const).flatMap((split) =>
    parts[split].map((frames) => ({ split, video, frames })),
  );
}

/** The frames of an array one by one, at the given numbers. */
export async function* arrayFrames(file: string, { name, offset, size }: Video, frames: readonly number[]) {
  if (size === null) return;
  const bytes = size.height * size.width * size.channels;
  const handle = await open(file);
  try {
    for (const frame of frames) {
      const pixels = new Uint8Array(bytes);
      const { bytesRead } = await handle.read(pixels, 0, bytes, offset + frame * bytes);
      if (bytesRead < bytes) throw new Error(`${name}: cut off at frame ${frame}`);
      yield { frame, ...size, pixels };
    }
  } finally {
    await handle.close();
  }
}
