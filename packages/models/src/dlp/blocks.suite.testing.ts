import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { disposeVariables, randomStreams } from '@trawl/nn';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { particleAttention } from './attention.js';
import type { Build } from './blocks.js';
import { convBlock, through } from './blocks.js';
import { near } from './compare.testing.js';
import { uniforms } from './vectors.testing.js';

/* Numbers that PyTorch gave (test/fixtures/dlp_blocks.py); both sides draw inputs and weights. */

const Outcome = z.object({
  shape: z.array(z.int()),
  /** Every seventh. */
  y: z.array(z.number()),
  /** Norms; null: no gradient. */
  gradients: z.record(z.string(), z.number().nullable()),
});
const Answers = z.object({
  residual: z.array(Outcome.extend({ in: z.int(), out: z.int(), stride: z.union([z.literal(1), z.literal(2)]) })),
  attention: Outcome.extend({ images: z.int(), particles: z.int(), width: z.int() }),
  parameters: z.record(z.string(), z.int()),
});
const file = new URL('../../../../test/fixtures/dlp_blocks.json', import.meta.url);
export const blockAnswers = Answers.parse(JSON.parse(readFileSync(file, 'utf8')));

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const drawn = <R extends tf.Rank>(seed: number, shape: number[], scale = 1): tf.Tensor<R> =>
  tf.tensor<R>(
    uniforms(seed, sizeOf(shape)).map((u) => scale * (2 * u - 1)),
    shape as tf.ShapeMap[R],
  );
const fourth = (x: tf.Tensor): tf.Tensor4D => tf.reshape(x, x.shape as [number, number, number, number]);
const second = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, x.shape as [number, number]);
const freshBuild = (): Build => ({ variables: new Map(), stream: randomStreams(0).get('weights'), pad: 'replicate' });

function draw(build: Build, name: string, seed: number, scale = 1): void {
  const variable = build.variables.get(name)!;
  variable.assign(drawn(seed, variable.shape, scale));
}

/** What a layer gives, and the norms of the gradients of its sum times fixed numbers, by the names that the fixture has. */
function outcomeOf(
  { shape, gradients }: z.infer<typeof Outcome>,
  build: Build,
  inputs: Record<string, tf.Variable>,
  layer: () => tf.Tensor,
  nameOf: (fixture: string) => string,
): Pick<z.infer<typeof Outcome>, 'y' | 'gradients'> {
  const y = [...layer().dataSync()].filter((_, i) => i % 7 === 0);
  const { grads } = tf.variableGrads(
    () => tf.sum(tf.mul(layer(), drawn(99, shape))),
    [...build.variables.values(), ...Object.values(inputs)],
  );
  const norms = Object.keys(gradients).map((fixture): [string, number | null] => {
    const gradient = grads[(inputs[fixture] ?? build.variables.get(nameOf(fixture))!).name];
    return [fixture, gradient ? tf.norm(gradient).dataSync()[0]! : null];
  });
  for (const variable of Object.values(inputs)) variable.dispose();
  disposeVariables(build.variables);
  return { y, gradients: Object.fromEntries(norms) };
}

type Norms = Record<string, number | null>;
const without = (gradients: Norms): string[] => Object.keys(gradients).filter((name) => gradients[name] === null);
const norms = (gradients: Norms): number[] => Object.values(gradients).map((norm) => norm ?? 0);

function expectOutcome(got: ReturnType<typeof outcomeOf>, wanted: z.infer<typeof Outcome>): void {
  near(got.y, wanted.y, 1e-5, 'y');
  expect(without(got.gradients)).toEqual(without(wanted.gradients));
  near(norms(got.gradients), norms(wanted.gradients), 1e-4, Object.keys(wanted.gradients).join(', '));
}

const isLayer = (name: string): boolean => !/^(gain|frequencies)$/.test(name);
const layerOf = (name: string): string => `a.${/^mlp\d$/.test(name) ? name.replace('mlp', 'mlp.') : `${name}.0`}`;
const attentionName = (name: string): string =>
  isLayer(name) ? `${layerOf(name)}.kernel` : name === 'gain' ? 'a.norm0.gain' : `a.${name}`;
const blockName = (name: string): string =>
  /^(gamma|beta)0$/.test(name) ? `b.norm0.${name.slice(0, -1)}` : `b.${name}.kernel`;

/** On the backend that is open. */
export function blocksSuite(): void {
  test.each(blockAnswers.residual)('a residual block of $in to $out channels, stride $stride', (wanted) => {
    tf.tidy(() => {
      const build = freshBuild();
      const { in: depth, out, stride } = wanted;
      const block = through(build, [convBlock(build, 'b', { in: depth, out, stride, kernel: 3, residual: true })]);
      draw(build, 'b.conv0.kernel', 2, 0.3);
      draw(build, 'b.conv1.kernel', 3, 0.3);
      ['norm0.gamma', 'norm0.beta', 'norm1.gamma', 'norm1.beta'].forEach((name, i) => draw(build, `b.${name}`, 4 + i));
      expect(build.variables.has('b.skip.kernel')).toBe('skip' in wanted.gradients);
      if ('skip' in wanted.gradients) draw(build, 'b.skip.kernel', 8);
      const x = tf.variable(drawn<tf.Rank.R4>(1, [2, 4, 4, depth]));
      expectOutcome(
        outcomeOf(wanted, build, { x }, () => block(fourth(x)), blockName),
        wanted,
      );
    });
  });

  test('attention between the particles of an image', () => {
    tf.tidy(() => {
      const build = freshBuild();
      const { attention: wanted } = blockAnswers;
      const { images, particles, width } = wanted;
      const attend = particleAttention(build, 'a', width, particles);
      expect(build.variables.get('a.frequencies')?.shape).toEqual([2, width / 2]);
      draw(build, 'a.frequencies', 3, 2);
      ['position0', 'position1', 'key', 'query', 'value', 'project', 'mlp0', 'mlp1'].forEach((name, i) => {
        const kernel = `${layerOf(name)}.kernel`;
        const [from = 1] = build.variables.get(kernel)?.shape ?? [];
        draw(build, kernel, 10 + i, 1 / Math.sqrt(from));
        draw(build, `${layerOf(name)}.bias`, 30 + i);
      });
      ['norm0.gain', 'norm0.shift', 'norm1.gain', 'norm1.shift'].forEach((name, i) => draw(build, `a.${name}`, 50 + i));
      const rows = images * particles;
      const [x, positions] = [tf.variable(drawn(1, [rows, width])), tf.variable(drawn(2, [rows, 2]))];
      const layer = () => tf.reshape(attend(second(x), second(positions)), wanted.shape);
      expectOutcome(outcomeOf(wanted, build, { x, positions }, layer, attentionName), wanted);
    });
  });
}
