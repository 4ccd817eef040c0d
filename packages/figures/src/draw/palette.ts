import { interpolateViridis } from 'd3-scale-chromatic';
import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
  type SymbolType,
} from 'd3-shape';

/** So many series have a shape and a grey of their own; more share a colour bar. */
export const SERIES_TOLD_APART = 8;
/** Viridis is light enough from here on to get lost on white paper. */
const LIGHTEST = 0.82;

const SHAPES: readonly SymbolType[] = [
  symbolCircle,
  symbolSquare,
  symbolTriangle,
  symbolDiamond,
  symbolStar,
  symbolCross,
  symbolWye,
];

/** `#rrggbb` of the i-th of n series: a ramp from dark to light, so that a grey print tells them apart as well. */
export function seriesColour(i: number, n: number): string {
  return n <= 1 ? ramp(0.22) : ramp((LIGHTEST * i) / (n - 1));
}

/** Viridis, 0..1. */
export function ramp(t: number): string {
  const [r = 0, g = 0, b = 0] = rgbOf(interpolateViridis(Math.min(1, Math.max(0, t))));
  return `#${[r, g, b].map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** Path of the i-th shape around the origin, of the given area in pt^2. */
export function shapePath(i: number, area: number): string {
  // The eighth is the triangle upside down.
  if (i % SERIES_TOLD_APART === SERIES_TOLD_APART - 1) {
    const side = Math.sqrt((area * 4) / Math.sqrt(3));
    const high = (side * Math.sqrt(3)) / 2;
    return `M0,${(high * 2) / 3}L${-side / 2},${-high / 3}L${side / 2},${-high / 3}Z`;
  }
  return symbol(SHAPES[i % SERIES_TOLD_APART] ?? symbolCircle, area)() ?? '';
}

/** Relative luminance 0..1 (WCAG 2) of `#rrggbb`: what is left of a colour in a grey print. */
export function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = rgbOf(colour).map((channel) => {
    const s = channel / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** CIE L* 0..100: equal steps look equal. */
export function lightness(colour: string): number {
  const y = luminance(colour);
  return y <= 216 / 24389 ? (y * 24389) / 27 : 116 * Math.cbrt(y) - 16;
}

/** Black or white, whichever is legible on the colour. */
export const inkOn = (colour: string): string => (luminance(colour) > 0.179 ? '#000000' : '#ffffff');

function rgbOf(colour: string): number[] {
  if (colour.startsWith('#')) return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return (colour.match(/\d+/g) ?? []).map(Number);
}
