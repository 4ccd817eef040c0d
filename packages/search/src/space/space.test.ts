import * as fc from 'fast-check';
import type { AxisForm, Params, Space } from '@trawl/spec';
import { canonicalJson } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { countCells } from './count.js';
import { drawPoints } from './draws.js';
import { axesOf } from './groups.js';
import { pointsOf, samplePoints } from './points.js';
import { axisValues } from './values.js';

const EMPTY: Space = { grid: {}, zip: {}, cells: [], exclude: [], random: null };

describe('axisValues', () => {
  it('takes a list as it is', () => {
    expect(axisValues([1, 'a', [2]])).toEqual([1, 'a', [2]]);
  });

  it('spaces linearly, both ends exact and no dust of rounding', () => {
    expect(axisValues({ linspace: [0, 1, 11] })).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(axisValues({ linspace: [-1e308, 1e308, 3] })).toEqual([-1e308, 0, 1e308]);
  });

  it('spaces logarithmically over values, not exponents', () => {
    expect(axisValues({ logspace: [1e-4, 10, 6] })).toEqual([0.0001, 0.001, 0.01, 0.1, 1, 10]);
    expect(axisValues({ logspace: [50, 800, 5] })).toEqual([50, 100, 200, 400, 800]);
  });

  it('steps up to hi, hi included', () => {
    expect(axisValues({ range: [0, 1, 0.1] })).toHaveLength(11);
    expect(axisValues({ range: [0, 0.3, 0.1] })).toEqual([0, 0.1, 0.2, 0.3]);
    expect(axisValues({ range: [1, 10, 4] })).toEqual([1, 5, 9]);
  });

  it('rises and stays within its ends', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.integer({ min: 2, max: 40 }), (a, b, n) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(high - low > 1e-3);
        const forms: AxisForm[] = [{ linspace: [low, high, n] }, { range: [low, high, (high - low) / n] }];
        for (const form of forms) {
          const values = axisValues(form).map(Number);
          expect(values[0]).toBeCloseTo(low, 6);
          expect(values.at(-1)).toBeLessThanOrEqual(high);
          expect(values.every((value, i) => i === 0 || value > (values[i - 1] ?? value))).toBe(true);
        }
      }),
    );
  });
});

describe('drawPoints', () => {
  const random = {
    n: 200,
    seed: 5,
    space: {
      u: { uniform: [-1, 3] },
      l: { loguniform: [1e-5, 1e-1] },
      i: { int: [2, 4] },
      c: { choice: ['a', null, [1]] },
    },
  } satisfies NonNullable<Space['random']>;

  it('stays within its ranges and reaches all of them', () => {
    const points = drawPoints(random);
    expect(points).toHaveLength(200);
    const column = (key: string) => points.map((point) => point[key]);
    expect(column('u').every((value) => Number(value) >= -1 && Number(value) < 3)).toBe(true);
    expect(column('l').every((value) => Number(value) >= 1e-5 && Number(value) < 1e-1)).toBe(true);
    expect(column('l').filter((value) => Number(value) < 1e-3).length).toBeGreaterThan(70);
    expect(new Set(column('i'))).toEqual(new Set([2, 3, 4]));
    expect(new Set(column('c').map(canonicalJson))).toEqual(new Set(['"a"', 'null', '[1]']));
  });

  it('gives the same points for the same seed, in whatever order the keys come', () => {
    const turned = Object.fromEntries(Object.entries(random.space).toReversed());
    expect(drawPoints({ ...random, space: turned })).toEqual(drawPoints(random));
    expect(drawPoints({ ...random, seed: 6 })).not.toEqual(drawPoints(random));
    // Pinned: a new version of the generator must not change the cells of an old spec.
    expect(drawPoints({ ...random, n: 2 })).toMatchInlineSnapshot(`
      [
        {
          "c": [
            1,
          ],
          "i": 2,
          "l": 0.000244922964691,
          "u": -0.687951360874,
        },
        {
          "c": null,
          "i": 3,
          "l": 0.0174601812709,
          "u": -0.602433159692,
        },
      ]
    `);
  });

  it('draws without repeating', () => {
    const points = drawPoints({ n: 9, seed: 0, space: { a: { int: [1, 3] }, b: { choice: ['x', 'y', 'z'] } } });
    expect(new Set(points.map(canonicalJson)).size).toBe(9);
    expect(drawPoints({ n: 10, seed: 0, space: { a: { int: [1, 3] } } })).toHaveLength(3);
  });
});

describe('a space', () => {
  it('is the product of its groups, the first axis slowest', () => {
    const space: Space = { ...EMPTY, grid: { a: [1, 2], b: ['x', 'y'] }, zip: { c: [5, 6], d: [7, 8] } };
    const points = [...pointsOf(space)];
    expect(points.slice(0, 3)).toEqual([
      { a: 1, b: 'x', c: 5, d: 7 },
      { a: 1, b: 'x', c: 6, d: 8 },
      { a: 1, b: 'y', c: 5, d: 7 },
    ]);
    expect(points).toHaveLength(8);
    expect(axesOf(space)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('of nothing is one cell with an empty point', () => {
    expect([...pointsOf(EMPTY)]).toEqual([{}]);
    expect(countCells(EMPTY)).toBe(1);
  });

  it('leaves out points that match every key of an excluded one', () => {
    const space: Space = { ...EMPTY, grid: { a: [1, 2], b: [[1], [2]] }, exclude: [{ a: 1, b: [2] }, { b: [1] }] };
    expect([...pointsOf(space)]).toEqual([{ a: 2, b: [2] }]);
  });

  it('of 10^9 cells is counted at once, exclusions too', () => {
    const axis = Array.from({ length: 1_000 }, (_, i) => i);
    const grid = { a: axis, b: axis, c: axis };
    expect(countCells({ ...EMPTY, grid })).toBe(1e9);
    const exclude = axis.slice(0, 500).map((a) => ({ a }));
    expect(countCells({ ...EMPTY, grid, exclude })).toBe(5e8);
    expect(countCells({ ...EMPTY, grid, exclude: [{ a: 1 }, { b: 1 }, { a: 1, c: 2 }] })).toBe(1e9 - 2e6 + 1e3);
  });

  const value = fc.integer({ min: 0, max: 3 });
  const axis = fc.uniqueArray(value, { minLength: 1, maxLength: 4 });
  const point = fc.record({ a: value, b: value, c: value, d: value, e: value, f: value }, { requiredKeys: [] });
  const spaces = fc.record({
    grid: fc.record({ a: axis, b: axis }, { requiredKeys: [] }),
    zip: fc.uniqueArray(fc.tuple(value, value), { maxLength: 4, selector: String }),
    cells: fc.uniqueArray(value, { maxLength: 3 }),
    random: fc.option(fc.integer({ min: 1, max: 4 })),
    exclude: fc.array(point, { maxLength: 6 }),
  });
  const build = ({
    grid,
    zip,
    cells,
    random,
    exclude,
  }: typeof spaces extends fc.Arbitrary<infer T> ? T : never): Space => {
    const space: Space = {
      grid: Object.fromEntries(Object.entries(grid)),
      zip: zip.length === 0 ? {} : { c: zip.map(([first]) => first), d: zip.map(([, second]) => second) },
      cells: cells.map((e) => ({ e })),
      exclude: [],
      random: random === null ? null : { n: random, seed: 1, space: { f: { int: [0, 3] } } },
    };
    const keys = axesOf(space);
    const excluded = exclude.map((entry) => Object.entries(entry).filter(([key]) => keys.includes(key)));
    return {
      ...space,
      exclude: excluded.filter((entry) => entry.length > 0).map((entry) => Object.fromEntries(entry)),
    };
  };

  it('has as many points as counted, none twice, none excluded', () => {
    fc.assert(
      fc.property(spaces, (parts) => {
        const space = build(parts);
        const points = [...pointsOf(space)];
        expect(countCells(space)).toBe(points.length);
        expect(new Set(points.map(canonicalJson)).size).toBe(points.length);
        expect(points.some((each) => space.exclude.some((entry) => matches(entry, each)))).toBe(false);
      }),
    );
  });

  it('is sampled evenly: every value of every axis comes up', () => {
    const space: Space = { ...EMPTY, grid: { a: range(50), b: range(40), c: range(30) } };
    const sample = [...samplePoints(space, 1_000)];
    expect(sample[0]).toEqual({ a: 0, b: 0, c: 0 });
    expect(new Set(sample.map(canonicalJson)).size).toBe(1_000);
    for (const [key, size] of [
      ['a', 50],
      ['b', 40],
      ['c', 30],
    ] as const) {
      expect(new Set(sample.map((each) => each[key])).size).toBe(size);
    }
  });

  it('is sampled whole where it is small, and at all where it is immense', () => {
    const small: Space = { ...EMPTY, grid: { a: range(3) } };
    expect([...samplePoints(small, 3)]).toEqual([...pointsOf(small)]);
    const immense: Space = { ...EMPTY, grid: Object.fromEntries(range(12).map((i) => [`x${i}`, range(1_000)])) };
    expect(countCells(immense)).toBeCloseTo(1e36, -30);
    expect([...samplePoints(immense, 5)]).toHaveLength(5);
  });
});

/** Whether a point has every key and value of an entry. */
function matches(entry: Params, point: Params): boolean {
  return Object.entries(entry).every(([key, expected]) => point[key] === expected);
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
