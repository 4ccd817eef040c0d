import { describe, expect, test } from 'vitest';
import { inkOn, lightness, luminance, ramp, SERIES_TOLD_APART, seriesColour, shapePath } from './palette.js';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('series', () => {
  test.each(upTo(SERIES_TOLD_APART - 1).map((i) => i + 2))('%i of them are told apart in a grey print', (n) => {
    const greys = upTo(n).map((i) => lightness(seriesColour(i, n)));
    // 2 is about what an eye can tell side by side.
    for (const [i, grey] of greys.slice(1).entries()) expect(grey - (greys[i] ?? 0)).toBeGreaterThan(7);
    // Paper is 100.
    expect(Math.max(...greys)).toBeLessThan(82);
  });

  test('have a shape each', () => {
    expect(new Set(upTo(SERIES_TOLD_APART).map((i) => shapePath(i, 20))).size).toBe(SERIES_TOLD_APART);
  });
});

test('the ramp rises in lightness', () => {
  const greys = upTo(50).map((i) => lightness(ramp(i / 49)));
  for (const [i, grey] of greys.slice(1).entries()) expect(grey).toBeGreaterThan(greys[i] ?? 0);
});

test('text on any colour of the ramp is legible', () => {
  for (const i of upTo(100)) {
    const [a, b] = [luminance(ramp(i / 99)), luminance(inkOn(ramp(i / 99)))];
    // WCAG 2 AA for text.
    expect((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)).toBeGreaterThan(4.5);
  }
});

test('greys have the lightness that CIE gives them', () => {
  expect(lightness('#777777')).toBeCloseTo(50.03, 1);
  expect(luminance('#ffffff')).toBeCloseTo(1, 10);
});
