import { Presets, SingleBar } from 'cli-progress';
import { bytes } from './numbers.js';

interface Step {
  what: string;
  /** Bytes; 0 of 0 where there is nothing to count. */
  done: number;
  total: number;
}

export interface TransferProgress {
  show: (step: Step) => void;
  stop: () => void;
}

const QUIET_MS = 5_000;

/** A bar that redraws in place, or a line every few seconds where nobody watches. */
export function transferProgress(name: string, stream: NodeJS.WriteStream): TransferProgress {
  if (!stream.isTTY) {
    let last = '';
    let lastAt = 0;
    return {
      show({ what, done, total }) {
        const now = performance.now();
        if (what === last && (now - lastAt < QUIET_MS || total === 0)) return;
        last = what;
        lastAt = now;
        stream.write(`${name}: ${what}${total === 0 ? '' : ` ${bytes(done)} of ${bytes(total)}`}\n`);
      },
      stop: () => {},
    };
  }
  const bar = new SingleBar(
    { stream, format: `${name} {bar} {note}`, hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  bar.start(1, 0, { note: '' });
  return {
    show({ what, done, total }) {
      bar.setTotal(Math.max(1, total));
      bar.update(done, { note: total === 0 ? what : `${what} ${bytes(done)} of ${bytes(total)}` });
    },
    stop: () => bar.stop(),
  };
}
