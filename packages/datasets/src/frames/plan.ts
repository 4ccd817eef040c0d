import type { Split } from '@trawl/spec';
import { SPLITS } from '@trawl/spec';
import { RandomState } from '../random.js';
import { refuse, type Video } from './footage.js';
import type { FramesSpec, Layout } from './layouts.js';

/** One trial to be. */
export interface Clip {
  split: Split;
  video: Video;
  /** Of the video, in order; the last comes again where a layout draws a video out. */
  frames: number[];
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Which frames make which trials: training first, then validation, then test. @throws DatasetError */
export function planClips(videos: readonly Video[], layout: Layout, spec: FramesSpec, at: string): Clip[] {
  const cut = videos.flatMap((video) => cutUp(video, framesOf(video, layout, at), spec.clip, at));
  const clips = cut.every(({ split }) => split !== null) ? cut : shared(cut, spec, at);
  return SPLITS.flatMap((split) =>
    clips
      .filter((clip) => clip.split === split)
      .slice(0, spec[split] ?? undefined)
      .map(({ video, frames }) => ({ split, video, frames })),
  );
}

interface Cut {
  split: Split | null;
  video: Video;
  frames: number[];
}

function framesOf({ name, count, kind }: Video, { length, dropped, movieFrom }: Layout, at: string): number[] {
  const from = kind === 'movie' ? movieFrom : 0;
  const drop = kind === 'movie' ? 0 : dropped;
  const least = from + (drop > 0 ? drop + 1 : (length ?? 1));
  if (count < least)
    throw refuse(
      at,
      'a video that is too short for this layout',
      `${name}: ${count} frames`,
      `at least ${least} frames`,
    );
  const kept = range(from, count - from - drop).slice(0, length ?? undefined);
  const last = kept.at(-1) ?? from;
  return [...kept, ...Array.from({ length: (length ?? 0) - kept.length }, () => last)];
}

function cutUp(video: Video, frames: number[], clip: number | null, at: string): Cut[] {
  const { split, name, loose } = video;
  const length = clip ?? (loose ? 1 : frames.length);
  if (frames.length < length)
    throw refuse(
      at,
      'a video shorter than a clip',
      `${name}: ${frames.length} frames`,
      `clip of at most ${frames.length}, or longer videos`,
    );
  const whole = Math.floor(frames.length / length);
  return range(0, whole).map((i) => ({ split, video, frames: frames.slice(i * length, (i + 1) * length) }));
}

/** Splits by chance, from the seed alone. */
function shared(cut: readonly Cut[], { shares, seed }: FramesSpec, at: string): Cut[] {
  const total = shares.reduce((a, b) => a + b, 0);
  const [, val, test] = shares.map((share) =>
    share === 0 ? 0 : Math.max(1, Math.floor((cut.length * share) / total)),
  );
  const held = (val ?? 0) + (test ?? 0);
  if (held >= cut.length)
    throw refuse(
      at,
      'too few videos to split',
      `${cut.length} ${cut.length === 1 ? 'video' : 'videos'} by ${shares.join(':')}`,
      'more videos, clips of them (clip), or folders train, val and test',
    );
  const order = new RandomState(seed).permutation(cut.length);
  const splitOf = new Map(
    order.map((i, place): [number, Split] => [i, place < (val ?? 0) ? 'val' : place < held ? 'test' : 'train']),
  );
  return cut.map((each, i) => ({ ...each, split: splitOf.get(i) ?? 'train' }));
}
