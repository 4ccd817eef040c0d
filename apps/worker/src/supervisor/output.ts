import type { Readable } from 'node:stream';

const LONGEST_LINE = 2_000;
const MOST_LINES = 2_000;
const TAIL_CHARACTERS = 8_000;
/** A trainer that floods its output is slowed by a full pipe, not fed by our CPU. */
const BYTES_A_TURN = 1_000_000;
const TURN_MS = 200;

export interface Output {
  /** The end of what was written. */
  tail(): string;
  /** Begins anew: what is written from here on is another run's. */
  turn(onLine: (line: string) => void): void;
}

/** Reads a trainer's stdout or stderr: its lines (so long as they are few) to `onLine`, its end kept for the post-mortem. */
export function readOutput(stream: Readable, onLine: (line: string) => void): Output {
  let hand = onLine;
  let tail = '';
  let line = '';
  let lines = 0;
  let budget = BYTES_A_TURN;

  const emit = (text: string): void => {
    lines += 1;
    if (lines < MOST_LINES && text.trim() !== '') hand(text);
    if (lines === MOST_LINES) hand(`${MOST_LINES} lines of output: what follows is dropped`);
  };

  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    tail = (tail + chunk).slice(-TAIL_CHARACTERS);
    if (lines < MOST_LINES) {
      const parts = (line + chunk).split('\n');
      line = (parts.pop() ?? '').slice(0, LONGEST_LINE);
      for (const part of parts) emit(part.slice(0, LONGEST_LINE));
    }
    budget -= chunk.length;
    if (budget > 0) return;
    stream.pause();
    setTimeout(() => {
      budget = BYTES_A_TURN;
      stream.resume();
    }, TURN_MS);
  });
  stream.on('end', () => emit(line));
  stream.on('error', () => {});
  return {
    tail: () => tail,
    turn(next) {
      if (line !== '') emit(line);
      tail = line = '';
      lines = 0;
      hand = next;
    },
  };
}
