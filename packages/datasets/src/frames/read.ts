import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileHash } from '../fileHash.js';
import type { Content } from './content.js';
import type { Place, Video } from './footage.js';
import { unreadable } from './list.js';
import type { Clip } from './plan.js';

/** Files in memory at a time, undecoded. */
const AHEAD = 16;

/** Clips by the video that they are of, in the order of first use: what is read once. */
export function byVideo(clips: readonly Clip[]): Map<Video, Clip[]> {
  const found = new Map<Video, Clip[]>();
  for (const clip of clips) {
    const same = found.get(clip.video);
    if (same) same.push(clip);
    else found.set(clip.video, [clip]);
  }
  return found;
}

/** Numbers of the frames that clips of one video take, each once, rising. */
export const framesUsed = (clips: readonly Clip[]): number[] =>
  [...new Set(clips.flatMap(({ frames }) => frames))].toSorted((a, b) => a - b);

/** The files of pictures with their content, which is added to `content`. @throws DatasetError */
export async function* pictureFiles(video: Video, place: Place, frames: readonly number[], content: Content) {
  for (let first = 0; first < frames.length; first += AHEAD) {
    const chunk = frames.slice(first, first + AHEAD);
    const read = await Promise.all(
      chunk.map(async (frame) => {
        const name = video.files[frame] ?? '';
        const bytes = await readFile(path.join(place.real, name)).catch((error: NodeJS.ErrnoException) => {
          throw unreadable(place, name, error);
        });
        return { frame, name, bytes };
      }),
    );
    for (const each of read) {
      content.add(each.name, each.bytes);
      yield each;
    }
  }
}

/** Of a movie or an array, whose one file may be large. */
export async function addFile(video: Video, place: Place, content: Content): Promise<void> {
  const [name = ''] = video.files;
  const { sha256, size } = await fileHash(path.join(place.real, name));
  content.addHashed(video.name, sha256, size);
}
