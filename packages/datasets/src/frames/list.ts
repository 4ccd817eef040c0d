import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Split } from '@trawl/spec';
import { SPLITS } from '@trawl/spec';
import { type Place, refuse, type Video } from './footage.js';
import type { Layout } from './layouts.js';
import { naturalOrder } from './naturalOrder.js';

const PICTURE = /\.(png|jpe?g)$/i;
const MOVIE = /\.mp4$/i;
const SPLIT_FOLDERS: Record<string, Split> = { train: 'train', val: 'val', valid: 'val', test: 'test' };

const LEGAL =
  'a folder of PNG or JPEG frames, of folders of such frames, or of folders train, val (or valid) and test that hold either';

/** What one folder holds, in natural order. What is hidden or of another kind does not count. */
interface Entries {
  folders: string[];
  pictures: string[];
  movies: string[];
  others: string[];
}

/** Every video of a folder, those of one split together. @throws DatasetError */
export async function listVideos(place: Place, layout: Layout): Promise<Video[]> {
  const top = await entriesOf(place, '');
  const splits = top.folders.filter((name) => name in SPLIT_FOLDERS);
  if (splits.includes('train') && top.pictures.length + top.movies.length === 0) {
    return inSplits(place, layout, top, splits);
  }
  if (layout.splitFolders) {
    throw refuse(place.at, 'lacks the folders of this layout', shown(top), 'folders train, val (or valid) and test');
  }
  return videosIn(place, layout, '', null, top);
}

async function inSplits(place: Place, layout: Layout, top: Entries, splits: string[]): Promise<Video[]> {
  const videos: Video[] = [];
  for (const split of SPLITS) {
    const [name, other] = splits.filter((each) => SPLIT_FOLDERS[each] === split);
    if (other !== undefined) throw refuse(place.at, 'two folders of one split', `${name} and ${other}`, 'one of them');
    if (name === undefined && split === 'val')
      throw refuse(place.at, 'has no validation folder', shown(top), 'folders train, val (or valid) and test');
    if (name !== undefined) videos.push(...(await videosIn(place, layout, name, split, null)));
  }
  return videos;
}

async function videosIn(
  place: Place,
  layout: Layout,
  below: string,
  split: Split | null,
  seen: Entries | null,
): Promise<Video[]> {
  const entries = seen ?? (await entriesOf(place, below));
  const { folders, pictures, movies } = entries;
  const where = below === '' ? 'the folder' : below;
  if (folders.length + pictures.length + movies.length === 0)
    throw refuse(place.at, 'holds no frames', `${where}: ${shown(entries)}`, LEGAL);
  if ([folders, pictures, movies].filter((each) => each.length > 0).length > 1)
    throw refuse(place.at, 'mixes frames with folders or movies', `${where}: ${shown(entries)}`, LEGAL);
  if (pictures.length > 0) {
    // Of a layout, frames stand in a folder for each video.
    if (layout.splitFolders)
      throw refuse(place.at, 'frames that are in no folder of a video', `${where}: ${shown(entries)}`, LEGAL);
    return [
      video(
        below === '' ? '.' : below,
        split,
        pictures.map((name) => path.join(below, name)),
        true,
      ),
    ];
  }
  if (movies.length > 0)
    return movies.map((name) => ({
      ...video(path.join(below, name), split, [path.join(below, name)], false),
      kind: 'movie',
      count: 0,
    }));
  const videos: Video[] = [];
  for (const folder of folders) {
    const name = path.join(below, folder);
    const inside = await entriesOf(place, name);
    if (inside.folders.length > 0)
      throw refuse(place.at, 'folders below those of videos', `${name}: ${shown(inside)}`, LEGAL);
    if (inside.pictures.length === 0)
      throw refuse(place.at, 'a video without frames', `${name}: ${shown(inside)}`, LEGAL);
    numbered(place, layout, name, inside.pictures);
    videos.push(
      video(
        name,
        split,
        inside.pictures.map((each) => path.join(name, each)),
        false,
      ),
    );
  }
  return videos;
}

const video = (name: string, split: Split | null, files: string[], loose: boolean): Video => ({
  name,
  split,
  kind: 'pictures',
  files,
  count: files.length,
  size: null,
  loose,
  offset: 0,
});

/** Names as the layout has them, and no number left out. */
function numbered(place: Place, { frame }: Layout, folder: string, names: readonly string[]): void {
  if (frame === null) return;
  let last: number | null = null;
  for (const name of names) {
    const found = frame.pattern.exec(name)?.[1];
    if (found === undefined)
      throw refuse(
        place.at,
        'a frame that is not called as in this layout',
        path.join(folder, name),
        `as ${frame.example}`,
      );
    const number = Number(found);
    if (last !== null && number !== last + 1)
      throw refuse(
        place.at,
        'frames are missing',
        `${folder}: number ${last + 1}, before ${name}`,
        'frames without gaps',
      );
    last = number;
  }
}

function shown({ folders, pictures, movies, others }: Entries): string {
  const names = [...folders.map((name) => `${name}/`), ...movies, ...pictures, ...others];
  const more = names.length > 3 ? `, ... (${names.length})` : '';
  return names.length === 0 ? 'empty' : `${names.slice(0, 3).join(', ')}${more}`;
}

async function entriesOf(place: Place, below: string): Promise<Entries> {
  const found: Entries = { folders: [], pictures: [], movies: [], others: [] };
  const folder = path.join(place.real, below);
  const listed = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(place, below === '' ? 'the folder' : below, error);
  });
  for (const entry of listed) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    let isFolder = entry.isDirectory();
    if (entry.isSymbolicLink()) isFolder = await followed(place, path.join(below, name));
    if (isFolder) found.folders.push(name);
    else if (PICTURE.test(name)) found.pictures.push(name);
    else if (MOVIE.test(name)) found.movies.push(name);
    else found.others.push(name);
  }
  for (const names of Object.values(found)) names.sort(naturalOrder);
  return found;
}

/** Whether a link leads to a folder. */
async function followed(place: Place, name: string): Promise<boolean> {
  const real = await realpath(path.join(place.real, name)).catch(() => null);
  if (real === null) throw refuse(place.at, 'a link to nothing', name, 'files and folders that are there');
  if (!place.isInside(real))
    throw refuse(place.at, 'a link that leaves its data root', name, 'links within the data roots');
  return (await stat(real)).isDirectory();
}

/** The fault of a file or folder that the system does not give. */
export function unreadable(place: Place, name: string, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return refuse(place.at, 'the service may not read it', name, 'files and folders that the service may read');
  if (error.code === 'ENOENT') return refuse(place.at, 'is gone', name, 'a folder that does not change');
  return error;
}
