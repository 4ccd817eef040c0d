import { describe, expect, it } from 'vitest';
import { randomStreams } from './random.js';

const mean = (x: ArrayLike<number>): number => Array.from(x).reduce((a, b) => a + b, 0) / x.length;

describe('randomStreams', () => {
  it('gives the same numbers for the same seed and purpose, whatever was drawn beside', () => {
    const [a, b] = [randomStreams(3), randomStreams(3)];
    b.get('shuffle').normals(100);
    expect([...a.get('noise').normals(8)]).toEqual([...b.get('noise').normals(8)]);
    expect(a.get('noise').uniform()).not.toEqual(a.get('shuffle').uniform());
  });

  it("is xoshiro128**: its authors' state 1, 2, 3, 4 gives their numbers", () => {
    const stream = randomStreams(0).get('known');
    stream.restore('00000001000000020000000300000004');
    expect([1, 2, 3, 4, 5, 6].map(() => stream.int(2 ** 32))).toEqual([
      11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492,
    ]);
  });

  it('gives these numbers, on every machine and Node', () => {
    const stream = randomStreams(0).get('noise');
    expect([stream.uniform(), stream.normal(), stream.normal(), stream.int(1000)]).toMatchInlineSnapshot(`
      [
        0.3060250024031199,
        -1.2531117473830828,
        1.0446176296823586,
        23,
      ]
    `);
    expect(randomStreams(1).get('shuffle').permutation(6)).toMatchInlineSnapshot(`
      [
        2,
        0,
        4,
        3,
        1,
        5,
      ]
    `);
  });

  it('differs between neighbouring seeds, 0 and negative ones among them', () => {
    const firsts = [-1, 0, 1, 2, 2 ** 40].map((seed) => randomStreams(seed).get('weights').uniform());
    expect(new Set(firsts).size).toBe(5);
    expect(() => randomStreams(0.5)).toThrow('seed: was 0.5');
  });

  it('restores its state, the spare normal too', () => {
    const streams = randomStreams(7);
    const noise = streams.get('noise');
    noise.normal();
    const state = JSON.parse(JSON.stringify(streams.state()));
    const ahead = [noise.normal(), noise.normal(), streams.get('late').uniform()];
    const other = randomStreams(7);
    other.get('late').uniforms(5, 0, 1);
    other.restore(state);
    expect([other.get('noise').normal(), other.get('noise').normal(), other.get('late').uniform()]).toEqual(ahead);
    expect(() => noise.restore('nonsense')).toThrow('which state() never wrote');
  });

  it('draws from the distributions it names', () => {
    const stream = randomStreams(11).get('moments');
    const normals = stream.normals(200_000);
    expect(mean(normals)).toBeCloseTo(0, 2);
    expect(mean(normals.map((x) => x * x))).toBeCloseTo(1, 2);
    expect(mean(normals.map((x) => x ** 4))).toBeCloseTo(3, 1);
    const uniforms = stream.uniforms(200_000, -2, 4);
    expect(mean(uniforms)).toBeCloseTo(1, 1);
    expect(Math.min(...uniforms.slice(0, 50_000))).toBeGreaterThanOrEqual(-2);
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 70_000; i += 1) counts[stream.int(7)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect([...stream.permutation(50)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});
