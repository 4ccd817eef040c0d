import { File, ready } from 'h5wasm/node';

/** Values of one dataset; the type of the array decides the HDF5 type. */
export interface TestArray {
  data: Uint8Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
  shape: number[];
  /** gzip in chunks of one row. */
  gzip?: boolean;
}

/** Datasets by group and name, as `{ images: { trial_0000: ... } }`. */
export type TestFile = Record<string, Record<string, TestArray>>;

export interface VideoShape {
  /** Frames of each trial. */
  frames: number[];
  channels?: number;
  height?: number;
  width?: number;
  labels?: number;
}

export const trialName = (trial: number): string => `trial_${String(trial).padStart(4, '0')}`;

/**
 * A small sound file in BehaveNet's layout, to write as it is or to break first. Pixel (t, c, y, x) of trial n is
 * (n + 7t + 50c + 3y + x) mod 256; label k of frame t is (n + 1)(t + 1) + k, in float32.
 */
export function videoFile({ frames, channels = 1, height = 6, width = 8, labels = 2 }: VideoShape): TestFile {
  const file: TestFile = { images: {}, labels: {} };
  for (const [n, count] of frames.entries()) {
    const images = new Uint8Array(count * channels * height * width);
    for (let i = 0; i < images.length; i++) {
      const x = i % width;
      const y = Math.floor(i / width) % height;
      const c = Math.floor(i / (width * height)) % channels;
      const t = Math.floor(i / (width * height * channels));
      images[i] = n + 7 * t + 50 * c + 3 * y + x;
    }
    const values = Float32Array.from(
      { length: count * labels },
      (_, i) => (n + 1) * (Math.floor(i / labels) + 1) + (i % labels),
    );
    file['images'] = { ...file['images'], [trialName(n)]: { data: images, shape: [count, channels, height, width] } };
    file['labels'] = { ...file['labels'], [trialName(n)]: { data: values, shape: [count, labels] } };
  }
  return file;
}

/** Writes an HDF5 file; what stands at `path` is replaced. */
export async function writeHdf5(path: string, content: TestFile): Promise<void> {
  await ready;
  const file = new File(path, 'w');
  try {
    for (const [group, datasets] of Object.entries(content)) {
      const target = file.create_group(group);
      for (const [name, { data, shape, gzip }] of Object.entries(datasets)) {
        const chunks = [1, ...shape.slice(1)];
        target.create_dataset({ name, data, shape, ...(gzip ? { chunks, compression: 9 } : {}) });
      }
    }
  } finally {
    file.close();
  }
}
