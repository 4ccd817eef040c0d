import { FONT_FAMILY, textWidth, type Weight } from './fonts.js';

export interface TextStyle {
  /** pt; default 6.5. */
  size?: number;
  weight?: Weight;
  anchor?: 'start' | 'middle' | 'end';
  fill?: string;
  /** Reads upwards; x and y stay the baseline's anchor. */
  upwards?: boolean;
}

export interface ShapeStyle {
  fill?: string;
  stroke?: string;
  width?: number;
  /** Of the line; one of the whole shape would cost the renderer a layer a shape. */
  opacity?: number;
  dash?: string;
}

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Of a page's column of journals and theses: 180 mm. */
export const PAGE_WIDTH = (180 / 25.4) * 72;
/** The smallest text, pt. */
export const SMALL = 6;
export const NORMAL = 6.5;
export const INK = '#1a1a1a';
export const FAINT = '#595959';

const MM_PER_PT = 25.4 / 72;

const short = (x: number): string => String(Math.round(x * 100) / 100);
const escape = (text: string): string =>
  text
    // What XML cannot hold, whatever a name contains.
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** An SVG under construction. All coordinates are absolute, in pt from the top left; one unit is one pt. */
export class Scene {
  readonly width: number;
  readonly #parts: string[] = [];
  #clips = 0;

  constructor(width: number = PAGE_WIDTH) {
    this.width = width;
  }

  text(x: number, y: number, text: string, style: TextStyle = {}): void {
    if (text === '') return;
    const { size = NORMAL, weight = 'normal', anchor = 'start', fill = INK, upwards = false } = style;
    const turned = upwards ? ` transform="rotate(-90 ${short(x)} ${short(y)})"` : '';
    const bold = weight === 'bold' ? ' font-weight="bold"' : '';
    const where = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
    // Kept also where another font stands in.
    const length = short(textWidth(text, size, weight));
    this.#parts.push(
      `<text x="${short(x)}" y="${short(y)}" font-size="${short(size)}"${bold}${where} fill="${fill}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${turned}>${escape(text)}</text>`,
    );
  }

  rect({ x, y, w, h }: Box, style: ShapeStyle): void {
    this.#parts.push(
      `<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"${attributes(style)}/>`,
    );
  }

  line(x1: number, y1: number, x2: number, y2: number, style: ShapeStyle): void {
    this.#parts.push(
      `<line x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}"${attributes(style)}/>`,
    );
  }

  /** A path, moved to (x, y). */
  path(d: string, style: ShapeStyle, x = 0, y = 0): void {
    const moved = x === 0 && y === 0 ? '' : ` transform="translate(${short(x)} ${short(y)})"`;
    this.#parts.push(`<path d="${d}"${attributes(style)}${moved}/>`);
  }

  /** A line through points; a point that is not finite is a gap. */
  polyline(points: readonly (readonly [number, number])[], style: ShapeStyle): void {
    let d = '';
    let pen = 'M';
    for (const [x, y] of points) {
      if (!Number.isFinite(x) || !Number.isFinite(y)) {
        pen = 'M';
        continue;
      }
      d += `${pen}${short(x)} ${short(y)}`;
      pen = 'L';
    }
    if (d !== '') this.path(d, { fill: 'none', ...style });
  }

  /** A PNG; pixels stay sharp. */
  image({ x, y, w, h }: Box, png: Uint8Array): void {
    const data = Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64');
    this.#parts.push(
      `<image x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" preserveAspectRatio="none" image-rendering="optimizeSpeed" href="data:image/png;base64,${data}"/>`,
    );
  }

  /** What `draw` draws shows only inside the box. */
  clipped({ x, y, w, h }: Box, draw: () => void): void {
    this.#clips += 1;
    const id = `clip${this.#clips}`;
    this.#parts.push(
      `<clipPath id="${id}"><rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"/></clipPath><g clip-path="url(#${id})">`,
    );
    draw();
    this.#parts.push('</g>');
  }

  /** The document, `height` pt high. */
  svg(height: number): string {
    const [w, h] = [this.width, height];
    const size = `width="${short(w * MM_PER_PT)}mm" height="${short(h * MM_PER_PT)}mm" viewBox="0 0 ${short(w)} ${short(h)}"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${FONT_FAMILY}"><rect width="100%" height="100%" fill="#fff"/>${this.#parts.join('\n')}</svg>\n`;
  }
}

function attributes({ fill = 'none', stroke, width = 0.6, opacity, dash }: ShapeStyle): string {
  const line = stroke === undefined ? '' : ` stroke="${stroke}" stroke-width="${short(width)}"`;
  return ` fill="${fill}"${line}${opacity === undefined ? '' : ` stroke-opacity="${short(opacity)}"`}${dash === undefined ? '' : ` stroke-dasharray="${dash}"`}`;
}
