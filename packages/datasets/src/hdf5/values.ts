import type { DatasetHead, Hdf5Reader } from './file.js';
import type { TrialHeads } from './layout.js';

/** Bytes brought through the library's own memory at once: it never gives memory back. */
const SLICE_BYTES = 32 << 20;

/** A value that the layout does not allow there. */
export class IllegalValueError extends Error {
  override name = 'IllegalValueError';
}

export interface TrialLabels {
  /** [frames, labels]; 0 where masked. */
  labels: Float32Array;
  /** [frames, labels]; 1 = labelled. */
  masks: Float32Array;
}

/** Frames of a trial as [frames, height, width, channels], 0..255. Throws DamagedFileError. */
export function readFrames(reader: Hdf5Reader, { images }: TrialHeads): Uint8Array {
  return channelsLast(reader, images);
}

/** A trial's frame masks, one for each frame: 1 = counts. Throws DamagedFileError, IllegalValueError. */
export function readFrameMasks(reader: Hdf5Reader, head: DatasetHead): Uint8Array {
  return channelsLast(reader, head, (value) => {
    if (value !== 0 && value !== 1) throw new IllegalValueError(`${head.name} holds ${value}`);
  });
}

/**
 * Labels with their masks. A label that is NaN or infinite is masked, whatever its mask says: it would reach the
 * loss as NaN x 0. Throws DamagedFileError, IllegalValueError.
 */
export function readLabels(reader: Hdf5Reader, labels: DatasetHead, masks: DatasetHead | null): TrialLabels {
  const values = floats(reader, labels);
  const flags = masks ? floats(reader, masks) : new Float32Array(values.length).fill(1);
  for (const [i, flag] of flags.entries()) {
    if (flag !== 0 && flag !== 1) throw new IllegalValueError(`${masks?.name} holds ${flag}`);
    if (flag === 1 && Number.isFinite(values[i])) continue;
    values[i] = 0;
    flags[i] = 0;
  }
  return { labels: values, masks: flags };
}

function floats(reader: Hdf5Reader, head: DatasetHead): Float32Array {
  const [rows = 0, columns = 0] = head.shape;
  const out = new Float32Array(rows * columns);
  for (const { first, values } of slices(reader, head)) {
    for (let i = 0; i < values.length; i++) out[first * columns + i] = Number(values[i]);
  }
  return out;
}

function channelsLast(reader: Hdf5Reader, head: DatasetHead, check?: (value: number) => void): Uint8Array {
  const [frames = 0, channels = 0, height = 0, width = 0] = head.shape;
  const pixels = height * width;
  const out = new Uint8Array(frames * pixels * channels);
  for (const { first, values } of slices(reader, head)) {
    const start = first * pixels * channels;
    if (channels === 1 && values instanceof Uint8Array && !check) {
      out.set(values, start);
      continue;
    }
    for (let i = 0; i < values.length; i++) {
      const value = Number(values[i]);
      check?.(value);
      const frame = Math.floor(i / (pixels * channels));
      const channel = Math.floor(i / pixels) % channels;
      out[start + (frame * pixels + (i % pixels)) * channels + channel] = value;
    }
  }
  return out;
}

function* slices(reader: Hdf5Reader, head: DatasetHead) {
  const [rows = 0, ...rest] = head.shape;
  // 8 bytes a number at most.
  const rowBytes = rest.reduce((product, n) => product * n, head.type === 'uint8' ? 1 : 8);
  const step = Math.max(1, Math.floor(SLICE_BYTES / Math.max(1, rowBytes)));
  for (let first = 0; first < rows; first += step) {
    yield { first, values: reader.read(head, first, Math.min(step, rows - first)) };
  }
}
