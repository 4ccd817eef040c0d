import { openDataset } from '@trawl/datasets/open';
import { splitTrials } from '@trawl/datasets/splits';
import { BehaviourDatasetSchema } from '@trawl/spec';
import { expect, test } from 'vitest';
import { ridgeR2 } from '../support/ridge.js';

/** Mean of each 2 x 2 block of a 32 x 32 frame, and its square: what moves is not linear in pixels. */
function features(frame: Uint8Array): number[] {
  const blocks = Array.from({ length: 256 }, (_, i) => {
    const corner = Math.floor(i / 16) * 64 + (i % 16) * 2;
    return (frame[corner]! + frame[corner + 1]! + frame[corner + 32]! + frame[corner + 33]!) / 1020;
  });
  return [...blocks, ...blocks.map((value) => value * value)];
}

test.each([{}, { labels: 4, factors: ['posture', 'whisking', 'lighting'] }])(
  'labels and factors can be read from the frames of held-out trials: %o',
  async (keys) => {
    const spec = BehaviourDatasetSchema.parse({ kind: 'behaviour', ...keys });
    const { trials } = await openDataset(spec, { roots: [] });
    const rows = (indices: number[]) => {
      const frames = indices.flatMap((n) => Array.from({ length: spec.frames }, (_, t) => ({ trial: trials[n]!, t })));
      return {
        x: frames.map(({ trial, t }) => features(trial.frames.subarray(t * 1024, (t + 1) * 1024))),
        y: frames.map(({ trial, t }) => [
          ...trial.labels!.subarray(t * spec.labels, (t + 1) * spec.labels),
          ...trial.factors!.subarray(t * spec.factors.length, (t + 1) * spec.factors.length),
        ]),
      };
    };
    const { train, val, test: held } = splitTrials(spec.trials, '8;1;1;0', 0);
    for (const r2 of ridgeR2(rows([...train, ...val]), rows(held), 1e-2)) expect(r2).toBeGreaterThan(0.9);
  },
);
