import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'fast-png';

/** Of a picture; pixel values follow from `seed` alone. */
export interface TestPicture {
  height?: number;
  width?: number;
  channels?: 1 | 2 | 3 | 4;
  seed?: number;
}

/** Value (37 i + i² mod 101 + seed) mod 256 at place i of [height, width, channels]. */
export function testPixels({ height = 8, width = 10, channels = 3, seed = 0 }: TestPicture): Uint8Array {
  return Uint8Array.from({ length: height * width * channels }, (_, i) => 37 * i + ((i * i) % 101) + seed);
}

export function testPng(picture: TestPicture): Buffer {
  const { height = 8, width = 10, channels = 3 } = picture;
  return Buffer.from(encode({ height, width, channels, data: testPixels(picture), depth: 8 }));
}

/** Writes files by their path below a folder, with what folders they need. */
export function writeFiles(folder: string, files: Record<string, Uint8Array | string>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** Frames `name(0)`, `name(1)`, ... of one video, all different. */
export function testVideo(
  folder: string,
  count: number,
  picture: TestPicture = {},
  name = (frame: number): string => `${frame}.png`,
): Record<string, Buffer> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      path.join(folder, name(i)),
      testPng({ ...picture, seed: (picture.seed ?? 0) + i }),
    ]),
  );
}
