import type { Split } from '@trawl/spec';
import { DatasetError } from '../errors.js';
import type { FrameSize } from './header.js';

/** What lies below a data root under the name that a spec gives. */
export interface Place {
  /** Its real path. */
  real: string;
  /** Whether a real path that a link leads to may be read. */
  isInside(real: string): boolean;
  /** Path of the spec's fault. */
  at: string;
}

/** Frames in order, not yet read. */
export interface Video {
  /** Relative to the dataset's folder. */
  name: string;
  /** null where the folder says nothing of splits. */
  split: Split | null;
  /** One picture a file; frames of one movie; one array of frames. */
  kind: 'pictures' | 'movie' | 'array';
  /** Relative to the dataset's folder; one but for pictures. */
  files: string[];
  /** How many frames it has; of a movie 0 until it has been asked. */
  count: number;
  /** null where each picture says it. */
  size: FrameSize | null;
  /** Pictures that need not belong to each other. */
  loose: boolean;
  /** Of an array: byte of its first frame. */
  offset: number;
}

export function refuse(at: string, message: string, given: string | null, allowed: string): DatasetError {
  return new DatasetError([{ path: at, message, ...(given === null ? {} : { given }), allowed }]);
}
