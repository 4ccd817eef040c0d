import type { ReadStream, WriteStream } from 'node:tty';

/** A terminal taken over whole, and given back as it was. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Draws over what stood there. */
  show(text: string): void;
  /** May be called again. */
  restore(): void;
}

export type Key = 'q' | 'ctrl-c';

/** The alternate screen, without a cursor that would jump about; and back. */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const CTRL_C = '\x03';

/** `onKey` hears keys where `input` is a terminal too; `onResize` that the size is another one. */
export function takeScreen(
  output: WriteStream,
  input: ReadStream,
  { onKey, onResize }: { onKey: (key: Key) => void; onResize: () => void },
): Screen {
  const heard = (data: Buffer): void => {
    const keys = data.toString();
    // In raw mode the terminal makes no signal of it.
    if (keys.includes(CTRL_C)) onKey('ctrl-c');
    else if (/q/i.test(keys)) onKey('q');
  };
  let taken = true;
  const restore = (): void => {
    if (!taken) return;
    taken = false;
    process.removeListener('exit', restore);
    output.removeListener('resize', onResize);
    if (input.isTTY) input.removeListener('data', heard).setRawMode(false).pause();
    output.write(LEAVE);
  };
  // Whatever ends the process: nobody can use a shell in raw mode on the alternate screen.
  process.on('exit', restore);
  output.on('resize', onResize);
  if (input.isTTY) input.setRawMode(true).on('data', heard).resume();
  output.write(ENTER);
  return {
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    show(text) {
      if (!taken) return;
      const lines = text.split('\n');
      // Each line is cleared before it is written: after a full one the cursor still stands on its last cell.
      const drawn = lines.map((line, y) => `\x1b[${y + 1};1H\x1b[2K${line}`);
      const below = lines.length < output.rows ? `\x1b[${lines.length + 1};1H\x1b[J` : '';
      output.write(`${drawn.join('')}${below}`);
    },
    restore,
  };
}
