import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { testPixels } from '../testing/frames.js';
import { decodeFrame } from './decode.js';
import { naturalOrder } from './naturalOrder.js';
import type { Resample } from './resize.js';
import { resizer } from './resize.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/* Bicubic: Pillow 12.3. Area: the means of what each pixel covers, halves up, in numpy. */
test.each<[Resample, number, number, number, string]>([
  ['bicubic', 30, 44, 16, '761f43d50474148d25bc72ce34c0a7438c0213e5597fb4281e075cc31a22702c'],
  ['bicubic', 5, 6, 8, 'b84b4cf29f44c415c6252d23ecf6923da11838ec89ad1adc4a59c45ee83f72dc'],
  ['bicubic', 16, 24, 16, '966dbec0cc5c15ae4b0c70bfd0525c82e78e6295058728c01417314025cef656'],
  ['area', 30, 44, 16, 'c8f1db7b982dd379591fecab910ccf8f54a34649ad10e79a0862d9d9779d9b59'],
])('%s from %i x %i to %i gives the bytes of the library', (how, height, width, side, hash) => {
  expect(sha256(resizer(side, how)(testPixels({ height, width }), height, width))).toBe(hash);
});

/* Written by Pillow; the hash is that of the pixels that it reads again. */
const JPEG =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wAARCAAQABADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDxvRvDn3fk/Su50bw5935P0rr9G8Ofd+T9K7nRvDn3fk/StMPVFw3xJtqf/9k=';
const PALETTE =
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQBAMAAADt3eJSAAAAFVBMVEWlw8Atw4ClgJwtgFylRHylD2AtLTAeewtkAAAASElEQVR4nG2MwQ3AMAgDj4oBkiW7bVZA2YBOAH2EqnnEr5N9styQD3BR+SAVEHw14bujDKSB6YCMWdMsJ/efUAy6gXTAT84PL8gDEmda1igaAAAAAElFTkSuQmCC';

test.each([
  ['JPEG', JPEG, '394cf7278d85807ffb53dc180f0e18c06fe45771b185d310d5269ca6bc9f7301'],
  ['PNG with a palette', PALETTE, '17f3fb78b0414448209eb91c6e23fc32cf7f846d0521100ce8b032d223c12d23'],
])('%s is decoded to the pixels that Pillow reads', (_, file, hash) => {
  const bytes = Buffer.from(file, 'base64');
  const { pixels, ...size } = decodeFrame(bytes);
  expect(size).toEqual({ width: 16, height: 16, channels: 3 });
  expect(sha256(pixels)).toBe(hash);
  expect(() => decodeFrame(bytes.subarray(0, bytes.length - 40))).toThrow('cut off');
});

test('damage within a JPEG is an error, not noise', () => {
  const bytes = Buffer.from(JPEG, 'base64');
  bytes.fill(0xff, 300, 500);
  expect(() => decodeFrame(bytes)).toThrow(/damaged|cut off/);
});

test('names are in the order that people count in', () => {
  const names = ['b', 'a10', 'a9', 'a09', 'a', '10', '9', 'a9b', '100000000000000000001', '100000000000000000000'];
  expect(names.toSorted(naturalOrder)).toEqual([
    '9',
    '10',
    '100000000000000000000',
    '100000000000000000001',
    'a',
    'a09',
    'a9',
    'a9b',
    'a10',
    'b',
  ]);
});
