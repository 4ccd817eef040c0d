import type { Trial } from '@trawl/datasets';
import type { RandomStream } from '@trawl/nn';
import type { JointTrial, Triplets } from './batch.js';

/* Batches of several sessions. Source: BehaveNet losses.py `triplet_loss`, data_generator.py `ConcatSessionsGenerator`. */

/** Frames that a trial must have so that S sessions can be compared: a chunk for each role in each triplet. */
export const chunksFor = (sessions: number): number => 3 * (sessions - 1);

/** Which of the others `other` is to `session`. */
const place = (session: number, other: number): number => (other < session ? other : other - 1);

/**
 * Every ordered pair of sessions (s, o) compares a chunk of s with a second one (positive) and with one of o (negative).
 * A session's rows are dealt out at random to 3 (S - 1) chunks of one length: 2 for each of its pairs, then one for each
 * pair in which it is the other.
 */
export function drawTriplets(frames: readonly number[], stream: RandomStream): Triplets {
  const sessions = frames.length;
  const chunks = chunksFor(sessions);
  const length = Math.floor(Math.min(...frames) / chunks);
  let offset = 0;
  const dealt = frames.map((n) => {
    const rows = stream.permutation(n).map((row) => row + offset);
    offset += n;
    return Array.from({ length: chunks }, (_, chunk) =>
      Array.from({ length }, (_row, i) => rows[chunk + i * chunks] ?? 0),
    );
  });
  const of = (session: number, chunk: number): number[] => dealt[session]?.[chunk] ?? [];
  const pairs = frames.flatMap((_, s) => frames.flatMap((_other, o) => (o === s ? [] : [{ s, o }])));
  const rowsOf = (role: (pair: { s: number; o: number }) => number[]): Int32Array =>
    Int32Array.from(pairs.flatMap(role));
  return {
    anchor: rowsOf(({ s, o }) => of(s, 2 * place(s, o))),
    positive: rowsOf(({ s, o }) => of(s, 2 * place(s, o) + 1)),
    negative: rowsOf(({ s, o }) => of(o, 2 * (sessions - 1) + place(o, s))),
    // Two sessions are divided by 3 in BehaveNet, more by their number of pairs.
    divisor: length * (sessions === 2 ? 3 : pairs.length),
  };
}

/** Trials one behind the other; masks are filled up where only some have them. */
export function joinTrials(trials: readonly Trial[], stream: RandomStream): JointTrial {
  const frames = trials.map(({ nFrames }) => nFrames);
  return {
    nFrames: frames.reduce((a, b) => a + b, 0),
    frames: bytes(trials.map((trial) => trial.frames)),
    labels: floats(trials.map(({ labels }) => labels ?? new Float32Array(0))),
    labelMasks: trials.some(({ labelMasks }) => labelMasks !== null)
      ? floats(trials.map(({ labels, labelMasks }) => labelMasks ?? new Float32Array(labels?.length ?? 0).fill(1)))
      : null,
    frameMasks: trials.some(({ frameMasks }) => frameMasks !== null)
      ? bytes(trials.map((trial) => trial.frameMasks ?? new Uint8Array(trial.frames.length).fill(1)))
      : null,
    factors: null,
    triplets: drawTriplets(frames, stream),
  };
}

const bytes = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function floats(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * An epoch's training trials so that each run of `size` has one of each of `size` sessions: those with the most trials left
 * go first. Trials that find no partner are left out of this epoch; an epoch has always as many batches.
 */
export function jointOrder(
  trials: readonly number[],
  sessionOf: readonly number[],
  size: number,
  stream: RandomStream,
): number[] {
  const left = new Map<number, number[]>();
  for (const i of stream.permutation(trials.length)) {
    const trial = trials[i] ?? 0;
    const session = sessionOf[trial] ?? 0;
    left.set(session, [...(left.get(session) ?? []), trial]);
  }
  const order: number[] = [];
  for (;;) {
    const fullest = [...left.values()].toSorted((a, b) => b.length - a.length).slice(0, size);
    if (fullest.length < size || fullest.some((rest) => rest.length === 0)) return order;
    for (const rest of fullest) order.push(rest.pop() ?? 0);
  }
}
