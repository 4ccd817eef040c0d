import type { DatasetSpec } from '@trawl/spec';
import type { Resample } from './resize.js';

export type FramesSpec = Extract<DatasetSpec, { kind: 'frames' }>;

/** What a set of folders is known to be. */
export interface Layout {
  /** Whether the folder must have `train` and `val` (or `valid`). */
  splitFolders: boolean;
  /** What frames are called; the group is their number, of which none may be missing. null: any name. */
  frame: { pattern: RegExp; example: string } | null;
  /** Frames of a video; of a longer one the first so many. */
  length: number | null;
  /** Frames that a video loses at its end, before it is drawn out to `length` with its last. */
  dropped: number;
  inverted: boolean;
  resample: Resample;
  /** From which frame on `length` frames of a movie are taken. */
  movieFrom: number;
}

const ANY: Layout = {
  splitFolders: false,
  frame: null,
  length: null,
  dropped: 0,
  inverted: false,
  resample: 'bicubic',
  movieFrom: 0,
};
const numbered = { pattern: /^(\d+)\.(?:png|jpe?g)$/i, example: '17.png' };

/**
 * As the loaders of taldatech/ddlp at 5686275 read them. OBJ3D and PHYRE are resized by Pillow; CLEVRER's frames 18 to 117 of a
 * movie were made with OpenCV's INTER_AREA.
 */
export const LAYOUTS: Record<Exclude<FramesSpec['layout'], 'traffic'>, Layout> = {
  folder: ANY,
  obj3d: { ...ANY, splitFolders: true, frame: { pattern: /^test_(\d+)\.png$/i, example: 'test_17.png' }, length: 100 },
  clevrer: { ...ANY, splitFolders: true, frame: numbered, length: 100, resample: 'area', movieFrom: 18 },
  phyre: { ...ANY, splitFolders: true, frame: numbered, length: 100, dropped: 30, inverted: true },
};
