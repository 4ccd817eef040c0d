import { EVALUATION_ARRAYS, type EvaluationArray, type EvaluationNames } from '@trawl/spec/evaluation';
import { FigureFault } from '../fault.js';
import { type NdArray, readNpz } from './npz.js';

/** evaluation.npz of a run, read. */
export type Evaluation = Record<EvaluationArray, NdArray> & { names: EvaluationNames };

/** @throws Error naming the array that is missing */
export function readEvaluation(bytes: Uint8Array): Evaluation {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- they are its keys
  return read(bytes, Object.keys(EVALUATION_ARRAYS) as EvaluationArray[]);
}

const LABELS = ['labels_true', 'labels_predicted', 'labels_mask', 'frame_trial', 'frame_split'] as const;

/** Without decoded frames, which are nearly all of the file. @throws Error naming the array that is missing */
export const readLabels = (bytes: Uint8Array): Pick<Evaluation, (typeof LABELS)[number] | 'names'> =>
  read(bytes, LABELS);

function read<T extends EvaluationArray>(bytes: Uint8Array, wanted: readonly T[]): Pick<Evaluation, T | 'names'> {
  const files = new Set(['names.json', ...wanted.map((name) => `${name}.npy`)]);
  const { arrays, texts } = readNpz(bytes, (name) => files.has(name));
  const names: EvaluationNames = JSON.parse(texts.get('names.json') ?? 'null');
  if (names === null) throw new Error('evaluation.npz has no names.json');
  const found = wanted.map((name) => {
    const array = arrays.get(name);
    if (array === undefined) throw new Error(`evaluation.npz has no array ${name}`);
    return [name, array] as const;
  });
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- every name has been looked up
  return { ...Object.fromEntries(found), names } as unknown as Pick<Evaluation, T | 'names'>;
}

/** @throws FigureFault where there is no such base frame */
export function assertBase(evaluation: Pick<Evaluation, 'base_frames'>, base: number): void {
  const bases = size(evaluation.base_frames, 0);
  if (base < bases) return;
  throw new FigureFault('base', base, bases === 0 ? 'none: the run left no traversals' : `0 to ${bases - 1}`);
}

/** Length of an axis. */
export const size = (array: NdArray, axis: number): number => array.shape[axis] ?? 0;

/** The part of an array at the given indices of its first axes. */
export function part(array: NdArray, ...at: number[]): NdArray['data'] {
  const length = array.shape.slice(at.length).reduce((a, b) => a * b, 1);
  const first = at.reduce((offset, i, axis) => offset * size(array, axis) + i, 0) * length;
  return array.data.subarray(first, first + length);
}
