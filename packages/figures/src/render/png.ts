import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { FONT_NAME, fontBytes } from '../draw/fonts.js';
import { compileResvg, sharedModule } from './module.js';

/** Dots an inch of a PNG: 180 mm are 2,126 pixels. */
export const DPI = 300;

let ready: Promise<void> | undefined;

/** What was compiled for another thread of this process, if any: its machine code is taken over with it. */
const start = async (): Promise<void> => initWasm(sharedModule() ?? (await compileResvg()));

/** Pixels of an SVG as our figures are: lengths in pt, only the fonts that come along. `width` in pixels. */
async function draw<T>(
  svg: string,
  width: number,
  take: (image: ReturnType<InstanceType<typeof Resvg>['render']>) => T,
): Promise<T> {
  ready ??= start();
  await ready;
  const resvg = new Resvg(svg, {
    fitTo: { mode: 'width', value: width },
    font: {
      fontBuffers: [fontBytes('normal'), fontBytes('bold')],
      loadSystemFonts: false,
      defaultFontFamily: FONT_NAME,
      sansSerifFamily: FONT_NAME,
    },
  });
  try {
    const image = resvg.render();
    try {
      return take(image);
    } finally {
      image.free();
    }
  } finally {
    resvg.free();
  }
}

/** The figure as a PNG of 300 dpi. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const width = Number(/viewBox="0 0 ([\d.]+)/.exec(svg)?.[1] ?? 0);
  return draw(svg, Math.round((width / 72) * DPI), (image) => image.asPng());
}

/** RGBA rows from the top, of an SVG whose unit is a pixel. */
export async function toPixels(
  svg: string,
  width: number,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  return draw(svg, width, (image) => ({
    width: image.width,
    height: image.height,
    data: Uint8Array.from(image.pixels),
  }));
}
