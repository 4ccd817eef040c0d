import { crc32 } from 'node:zlib';

export interface FrameSize {
  width: number;
  height: number;
  /** Of what is kept: transparency is dropped, a palette looked up. */
  channels: 1 | 3;
}

/** A file that is no whole frame; the message says what it is instead. */
export class BrokenFrame extends Error {
  override name = 'BrokenFrame';
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** By PNG's colour type: grey, colour, palette, grey and alpha, colour and alpha. */
const PNG_CHANNELS: Record<number, 1 | 3> = { 0: 1, 2: 3, 3: 3, 4: 1, 6: 3 };
const PALETTE = 3;

export const isPng = (bytes: Buffer): boolean => bytes.subarray(0, 8).equals(PNG);

/**
 * Size of a PNG or JPEG file, whose name does not matter, from its whole content and without decoding. Of a PNG every
 * checksum is verified, so that what is damaged or cut off is found here; of a JPEG only that it has its end.
 * @throws BrokenFrame
 */
export function frameSize(bytes: Buffer): FrameSize {
  if (isPng(bytes)) return pngSize(bytes);
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === 0xffd8) return jpegSize(bytes);
  throw new BrokenFrame(bytes.length === 0 ? 'an empty file' : 'neither PNG nor JPEG');
}

function pngSize(bytes: Buffer): FrameSize {
  let size: FrameSize | null = null;
  let data = false;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end))
      throw new BrokenFrame('damaged: its checksum is wrong');
    if (name === 'IHDR') size = pngHeader(bytes, at + 8);
    if (name === 'IDAT') data = true;
    if (name === 'IEND' && size && data) return size;
    at = end + 4;
  }
  throw new BrokenFrame('cut off');
}

function pngHeader(bytes: Buffer, at: number): FrameSize {
  const [depth, colour] = [bytes.readUInt8(at + 8), bytes.readUInt8(at + 9)];
  const channels = PNG_CHANNELS[colour];
  if (channels === undefined) throw new BrokenFrame(`of colour type ${colour}`);
  if (depth !== 8 && colour !== PALETTE) throw new BrokenFrame(`of ${depth} bits a sample`);
  return { width: bytes.readUInt32BE(at), height: bytes.readUInt32BE(at + 4), channels };
}

/** Start of frame: baseline, extended, progressive. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2]);
const isOtherFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function jpegSize(bytes: Buffer): FrameSize {
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes.readUInt8(at) !== 0xff) break;
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (FRAMES.has(marker)) {
      if (at + 10 > bytes.length || bytes.lastIndexOf(Buffer.from([0xff, 0xd9])) < at) break;
      const components = bytes.readUInt8(at + 9);
      if (bytes.readUInt8(at + 4) !== 8) throw new BrokenFrame(`of ${bytes.readUInt8(at + 4)} bits a sample`);
      if (components !== 1 && components !== 3) throw new BrokenFrame(`of ${components} colours`);
      return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7), channels: components };
    }
    if (isOtherFrame(marker)) throw new BrokenFrame('lossless or arithmetic JPEG');
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  throw new BrokenFrame('cut off or damaged');
}
