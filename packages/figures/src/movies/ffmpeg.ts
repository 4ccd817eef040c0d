import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MovieFormat } from '../formats.js';
import type { Film } from './compose.js';

export type VideoFormat = Exclude<MovieFormat, 'gif'>;

/** One thread and no trace of the moment, so that the same film gives the same file. */
const EXACT = ['-threads', '1', '-map_metadata', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact'];
const CODECS: Record<VideoFormat, string[]> = {
  mp4: ['-c:v', 'libx264', '-preset', 'medium', '-crf', '16', '-pix_fmt', 'yuv420p', '-movflags', '+faststart'],
  webm: ['-c:v', 'libvpx-vp9', '-deadline', 'good', '-cpu-used', '4', '-crf', '20', '-b:v', '0', '-pix_fmt', 'yuv420p'],
};

let found: Promise<boolean> | undefined;

/** Whether there is an ffmpeg on PATH; asked once. */
export function hasFfmpeg(): Promise<boolean> {
  found ??= new Promise((resolve) => {
    const child = spawn('ffmpeg', ['-version'], { stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
  return found;
}

/** @throws Error with what ffmpeg said where it fails */
export async function videoOf(film: Film, format: VideoFormat): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'trawl-movie-'));
  try {
    // An MP4 is written back to front: a pipe will not do.
    const file = join(folder, `movie.${format}`);
    await encode(film, format, file);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function encode(
  { width, height, channels, frames, framesPerSecond }: Film,
  format: VideoFormat,
  file: string,
): Promise<void> {
  const input = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    channels === 1 ? 'gray' : 'rgb24',
    '-s',
    `${width}x${height}`,
    '-r',
    String(framesPerSecond),
    '-i',
    'pipe:0',
  ];
  const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...input, ...CODECS[format], ...EXACT, file], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`ffmpeg failed (exit ${code}): ${said.trim()}`)),
    );
  });
  // It may end before all is written; `ended` says why.
  child.stdin.on('error', () => {});
  for (const frame of frames) {
    if (child.stdin.destroyed) break;
    if (!child.stdin.write(frame)) await Promise.race([once(child.stdin, 'drain'), ended.catch(() => {})]);
  }
  child.stdin.end();
  await ended;
}
