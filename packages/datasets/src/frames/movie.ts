import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import path from 'node:path';
import { type Place, refuse, type Video } from './footage.js';

const AT_ONCE = 4;
const NO_FFMPEG =
  'ffmpeg and ffprobe on the PATH of the service, or the frames of each movie as PNG in a folder of its own';

/** Fills in how many frames each movie has, and their size, without decoding them. @throws DatasetError */
export async function probeMovies(videos: readonly Video[], place: Place): Promise<void> {
  const queue = videos.filter(({ kind }) => kind === 'movie');
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let video = queue.shift(); video !== undefined; video = queue.shift())
        Object.assign(video, await probe(video, place));
    }),
  );
}

async function probe({ name }: Video, { real, at }: Place): Promise<Pick<Video, 'count' | 'size'>> {
  const wanted = ['-select_streams', 'v:0', '-count_packets', '-show_entries', 'stream=width,height,nb_read_packets'];
  const args = ['-v', 'error', '-protocol_whitelist', 'file', ...wanted, '-of', 'csv=p=0', path.join(real, name)];
  const { stdout } = await promisify(execFile)('ffprobe', args).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw refuse(at, 'movies need ffmpeg, which is not here', name, NO_FFMPEG);
    throw refuse(at, 'a movie that ffmpeg cannot read', name, 'whole movies, or their frames as PNG');
  });
  const [width = 0, height = 0, count = 0] = stdout.trim().split(',').map(Number);
  if (!(width > 0 && height > 0 && count > 0))
    throw refuse(at, 'a movie without pictures', name, 'movies with a video stream');
  return { count, size: { width, height, channels: 3 } };
}

/** The frames of a movie one by one, at the given numbers, which rise. @throws DatasetError where it ends before them */
export async function* movieFrames(video: Video, { real, at }: Place, frames: readonly number[]) {
  const { name, size } = video;
  if (size === null) return;
  const wanted = new Set(frames);
  const last = frames.at(-1) ?? -1;
  const bytes = size.height * size.width * 3;
  const input = [
    '-nostdin',
    '-v',
    'error',
    '-threads',
    '1',
    '-protocol_whitelist',
    'file,pipe',
    '-i',
    path.join(real, name),
  ];
  const output = [
    '-map',
    '0:v:0',
    '-fps_mode',
    'passthrough',
    '-frames:v',
    String(last + 1),
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
  ];
  const child = spawn('ffmpeg', [...input, ...output, 'pipe:1'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let absent = false;
  child.once('error', () => (absent = true));
  try {
    let frame = 0;
    let filled = 0;
    let pixels = new Uint8Array(bytes);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      for (let from = 0; from < chunk.length;) {
        const taken = Math.min(bytes - filled, chunk.length - from);
        pixels.set(chunk.subarray(from, from + taken), filled);
        filled += taken;
        from += taken;
        if (filled < bytes) continue;
        if (wanted.has(frame)) yield { frame, ...size, pixels };
        pixels = new Uint8Array(bytes);
        filled = 0;
        frame += 1;
      }
    }
    if (absent) throw refuse(at, 'movies need ffmpeg, which is not here', name, NO_FFMPEG);
    if (frame <= last)
      throw refuse(at, 'a damaged movie', `${name}: ${frame} of ${last + 1} frames can be read`, 'whole movies');
  } finally {
    child.kill('SIGKILL');
  }
}
