import path from 'node:path';
import type { DatasetFacts } from '@trawl/spec';
import type { Trial } from '../contract.js';
import { Content } from './content.js';
import { decodeFrame } from './decode.js';
import { assertFits, factsOf, planFrames, Sizes } from './facts.js';
import { type Place, refuse, type Video } from './footage.js';
import { BrokenFrame, type FrameSize } from './header.js';
import { type FramesSpec, LAYOUTS } from './layouts.js';
import { movieFrames } from './movie.js';
import type { Clip } from './plan.js';
import { addFile, byVideo, framesUsed, pictureFiles } from './read.js';
import { resizer } from './resize.js';
import { arrayFrames } from './traffic.js';

/** Every frame, decoded once. @throws DatasetError naming the file that is broken or does not fit */
export async function loadFrames(spec: FramesSpec, place: Place): Promise<{ facts: DatasetFacts; trials: Trial[] }> {
  const clips = await planFrames(spec, place);
  const { resample, inverted } = LAYOUTS[spec.layout === 'traffic' ? 'folder' : spec.layout];
  const resize = spec.size === null ? null : resizer(spec.size, resample);
  const sizes = new Sizes(spec, place.at);
  const content = new Content();
  const trials = new Map<Clip, Trial>();
  const take = (size: FrameSize, name: string, of: string): void => {
    if (sizes.take(size, name, of)) assertFits(clips, sizes.shown(), place.at);
  };
  for (const [video, of] of byVideo(clips)) {
    const slots = slotsOf(of);
    // Of a large file, before it is read.
    if (video.size) take(video.size, video.name, video.name);
    for await (const { frame, name, pixels, ...size } of decoded(video, place, framesUsed(of), content)) {
      take(size, name, video.loose ? name : video.name);
      const shown = resize ? resize(pixels, size.height, size.width) : pixels;
      const kept = inverted ? shown.map((value) => 255 - value) : shown;
      for (const { clip, slot } of slots.get(frame) ?? []) {
        let trial = trials.get(clip);
        if (!trial) trials.set(clip, (trial = emptyTrial(clip, kept.length)));
        trial.frames.set(kept, slot * kept.length);
      }
    }
  }
  const facts = factsOf(spec, clips, sizes.shown(), content);
  return { facts, trials: clips.flatMap((clip) => trials.get(clip) ?? []) };
}

/** Where each frame of a video goes. */
function slotsOf(clips: readonly Clip[]): Map<number, { clip: Clip; slot: number }[]> {
  const slots = new Map<number, { clip: Clip; slot: number }[]>();
  for (const clip of clips) {
    for (const [slot, frame] of clip.frames.entries()) {
      slots.set(frame, [...(slots.get(frame) ?? []), { clip, slot }]);
    }
  }
  return slots;
}

const emptyTrial = ({ frames }: Clip, bytes: number): Trial => ({
  nFrames: frames.length,
  frames: new Uint8Array(frames.length * bytes),
  labels: null,
  labelMasks: null,
  frameMasks: null,
  factors: null,
});

interface Decoded extends FrameSize {
  frame: number;
  /** What a fault names. */
  name: string;
  pixels: Uint8Array;
}

async function* decoded(
  video: Video,
  place: Place,
  frames: readonly number[],
  content: Content,
): AsyncGenerator<Decoded> {
  const { name, kind } = video;
  if (kind === 'pictures') {
    for await (const file of pictureFiles(video, place, frames, content)) yield { ...picture(file, place), ...file };
    return;
  }
  await addFile(video, place, content);
  const file = path.join(place.real, video.files[0] ?? '');
  const read = kind === 'movie' ? movieFrames(video, place, frames) : arrayFrames(file, video, frames);
  for await (const each of read) yield { ...each, name };
}

function picture({ name, bytes }: { name: string; bytes: Buffer }, { at }: Place): FrameSize & { pixels: Uint8Array } {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    if (!(error instanceof BrokenFrame)) throw error;
    throw refuse(
      at,
      'frames that cannot be read',
      `${name}: ${error.message}`,
      'whole PNG or JPEG files of 8 bits a sample',
    );
  }
}
