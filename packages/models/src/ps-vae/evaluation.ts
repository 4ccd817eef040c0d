import * as tf from '@tensorflow/tfjs-core';
import type { EvaluationArray, EvaluationNames, Split } from '@trawl/spec';
import { EVALUATION_LIMITS, SPLITS } from '@trawl/spec';
import type { NpyArray } from '../npz.js';
import { npz } from '../npz.js';
import { unitsOf } from './passes.js';
import type { Run } from './run.js';
import { trialAt } from './run.js';
import { traversals } from './traversal.js';

/** `evaluation.npz` of the weights as they stand: `EVALUATION_ARRAYS` says what is in it. */
export async function evaluationFile(
  run: Run,
  { means, correlation }: { means: readonly Float32Array[]; correlation: readonly number[][] },
): Promise<Uint8Array> {
  const units = correlation.length;
  const arrays: Record<EvaluationArray, NpyArray> = {
    correlation: { shape: [units, units], data: Float32Array.from(correlation.flat()) },
    ...labelArrays(run, means),
    ...(await traversals(run, means)),
  };
  return npz(arrays, { texts: { 'names.json': JSON.stringify(namesOf(run)) }, compress: true });
}

const numbered = (word: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${word} ${i + 1}`);

function namesOf({ model }: Run): EvaluationNames {
  const { shape } = model;
  const labels = numbered('label', shape.labels);
  const unsupervised = unitsOf(model);
  return {
    labels,
    latents: [...labels, ...numbered('latent', unsupervised), ...numbered('background', shape.background)],
    supervised: shape.labels,
    unsupervised,
    background: shape.background,
  };
}

interface Piece {
  trial: number;
  split: Split;
  frames: number;
}

/** Trials of validation and test, whole while they fit; the first of a split is cut where it does not. */
function piecesOf(run: Run): Piece[] {
  const held: Split[] = ['val', 'test'];
  return held.flatMap((split) => {
    let left = EVALUATION_LIMITS.frames / held.length;
    return run.splits[split].flatMap((trial, i): Piece[] => {
      const { nFrames } = trialAt(run, trial);
      const frames = i === 0 ? Math.min(nFrames, left) : nFrames;
      if (frames > left) return [];
      left -= frames;
      return [{ trial, split, frames }];
    });
  });
}

type LabelArray = Extract<EvaluationArray, `labels_${string}` | `frame_${string}`>;

function labelArrays(run: Run, means: readonly Float32Array[]): Record<LabelArray, NpyArray> {
  const { network, shape, params } = run.model;
  const pieces = piecesOf(run);
  const rows = pieces.reduce((sum, { frames }) => sum + frames, 0);
  const [truth, predicted] = [new Float32Array(rows * shape.labels), new Float32Array(rows * shape.labels)];
  const mask = new Uint8Array(rows * shape.labels).fill(1);
  const [trials, splits] = [new Int32Array(rows), new Uint8Array(rows)];
  let row = 0;
  for (const { trial, split, frames } of pieces) {
    const { labels, labelMasks } = trialAt(run, trial);
    const values = frames * shape.labels;
    const at = row * shape.labels;
    truth.set(labels?.subarray(0, values) ?? [], at);
    mask.set(labelMasks?.subarray(0, values) ?? [], at);
    predicted.set(
      tf.tidy(() => {
        const codes = means[trial]?.slice(0, frames * params.n_ae_latents) ?? new Float32Array(0);
        return network
          .predictLabels(tf.tensor2d(codes, [frames, params.n_ae_latents]))
          .dataSync()
          .slice();
      }),
      at,
    );
    trials.fill(trial, row, row + frames);
    splits.fill(SPLITS.indexOf(split), row, row + frames);
    row += frames;
  }
  return {
    labels_true: { shape: [rows, shape.labels], data: truth },
    labels_predicted: { shape: [rows, shape.labels], data: predicted },
    labels_mask: { shape: [rows, shape.labels], data: mask },
    frame_trial: { shape: [rows], data: trials },
    frame_split: { shape: [rows], data: splits },
  };
}
