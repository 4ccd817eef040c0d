import type { DatasetFacts, Split } from '@trawl/spec';
import { canonicalJson, SPLITS, sha256Hex } from '@trawl/spec';
import { DatasetError } from '../errors.js';
import { Content } from './content.js';
import { type Place, refuse } from './footage.js';
import { BrokenFrame, type FrameSize, frameSize } from './header.js';
import type { FramesSpec } from './layouts.js';
import { LAYOUTS } from './layouts.js';
import { listVideos } from './list.js';
import { probeMovies } from './movie.js';
import { type Clip, planClips } from './plan.js';
import { addFile, byVideo, framesUsed, pictureFiles } from './read.js';
import { arrayVideo, planTraffic } from './traffic.js';

/** Raised when the same files and keys would give other frames: it is part of the dataset's identity. */
const VERSION = 1;
/** A trainer holds all frames in memory. */
export const MOST_BYTES = 4 * 2 ** 30;
/** Broken files that are named; the rest are counted. */
const NAMED = 5;

/** Which frames make which trials. @throws DatasetError */
export async function planFrames(spec: FramesSpec, place: Place): Promise<Clip[]> {
  const { at } = place;
  if (spec.layout === 'traffic') return planTraffic(await arrayVideo(place), spec, at);
  const layout = LAYOUTS[spec.layout];
  const listed = await listVideos(place, layout);
  // Only what can be used is asked for its length.
  const used = new Set(
    SPLITS.flatMap((split) =>
      listed.filter((video) => video.split === split && !video.loose).slice(0, spec[split] ?? undefined),
    ),
  );
  const videos = listed.filter((video) => video.split === null || video.loose || used.has(video));
  await probeMovies(videos, place);
  return planClips(videos, layout, spec, at);
}

/** All that is known of the frames before one is decoded. Every file is read once. @throws DatasetError */
export async function framesFacts(spec: FramesSpec, place: Place): Promise<DatasetFacts> {
  const clips = await planFrames(spec, place);
  const sizes = new Sizes(spec, place.at);
  const content = new Content();
  const broken: string[] = [];
  let nBroken = 0;
  // Before the rest is read, which may take minutes.
  const take = (size: FrameSize, name: string, video: string): void => {
    if (sizes.take(size, name, video)) assertFits(clips, sizes.shown(), place.at);
  };
  for (const [video, of] of byVideo(clips)) {
    if (video.kind !== 'pictures') {
      if (video.size) take(video.size, video.name, video.name);
      await addFile(video, place, content);
      continue;
    }
    for await (const { name, bytes } of pictureFiles(video, place, framesUsed(of), content)) {
      try {
        take(frameSize(bytes), name, video.loose ? name : video.name);
      } catch (error) {
        if (!(error instanceof BrokenFrame)) throw error;
        if ((nBroken += 1) <= NAMED) broken.push(`${name}: ${error.message}`);
      }
    }
  }
  if (nBroken > 0) {
    const more = nBroken > NAMED ? `, and ${nBroken - NAMED} more` : '';
    throw refuse(
      place.at,
      'frames that cannot be read',
      broken.join('; ') + more,
      'whole PNG or JPEG files of 8 bits a sample',
    );
  }
  return factsOf(spec, clips, sizes.shown(), content);
}

/** @throws DatasetError */
export function assertFits(clips: readonly Clip[], { height, width, channels }: FrameSize, at: string): void {
  const total = clips.reduce((sum, { frames }) => sum + frames.length, 0);
  const bytes = total * height * width * channels;
  if (bytes <= MOST_BYTES) return;
  throw refuse(
    at,
    'a set too large for memory',
    `${total} frames x ${height} x ${width} x ${channels} = ${bytes} bytes`,
    `up to ${MOST_BYTES} bytes: a smaller size, or fewer videos (train, val, test)`,
  );
}

export function factsOf(spec: FramesSpec, clips: readonly Clip[], size: FrameSize, content: Content): DatasetFacts {
  const { height, width, channels } = size;
  const { path: _, ...parameters } = spec;
  const trialsOf = (split: Split): number[] => clips.flatMap((clip, i) => (clip.split === split ? [i] : []));
  return {
    kind: 'frames',
    hash: sha256Hex(canonicalJson({ loader: 'frames', version: VERSION, parameters, content: content.digest() })),
    size: content.bytes,
    trials: clips.length,
    frames: clips.map(({ frames }) => frames.length),
    height,
    width,
    channels,
    labels: 0,
    labelMasks: false,
    frameMasks: false,
    splits: { train: trialsOf('train'), val: trialsOf('val'), test: trialsOf('test') },
  };
}

/** Sees to it that frames can stand in one array: all of one size, or those of each video where they are resized. */
export class Sizes {
  readonly #spec: FramesSpec;
  readonly #at: string;
  #first: { size: FrameSize; name: string } | null = null;
  #inVideo: { size: FrameSize; name: string; video: string } | null = null;

  constructor(spec: FramesSpec, at: string) {
    this.#spec = spec;
    this.#at = at;
  }

  /** `video`: what the frame must agree with. Whether it is the first of all. @throws DatasetError */
  take(size: FrameSize, name: string, video: string): boolean {
    const isFirst = this.#first === null;
    this.#first ??= { size, name };
    if (this.#inVideo?.video !== video) this.#inVideo = { size, name, video };
    const other = this.#spec.size === null ? this.#first : this.#inVideo;
    if (size.channels !== this.#first.size.channels)
      throw refuse(
        this.#at,
        'grey and colour are mixed',
        `${name} has ${size.channels} channels, ${this.#first.name} ${this.#first.size.channels}`,
        'frames that are all grey or all colour',
      );
    if (size.height !== other.size.height || size.width !== other.size.width)
      throw refuse(
        this.#at,
        'frames of different sizes',
        `${name} is ${words(size)}, ${other.name} ${words(other.size)}`,
        this.#spec.size === null
          ? 'frames of one size, or a size that all are resized to'
          : 'frames of one size in each video',
      );
    return isFirst;
  }

  /** As they are trained on. */
  shown(): FrameSize {
    if (this.#first === null)
      throw new DatasetError([{ path: this.#at, message: 'holds no frames', allowed: 'frames' }]);
    const { size } = this.#spec;
    const { size: found } = this.#first;
    return size === null ? found : { width: size, height: size, channels: found.channels };
  }
}

const words = ({ height, width }: FrameSize): string => `${height} x ${width}`;
