import { fork } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ToTrainer } from '@trawl/spec';
import type { TrainerSettings } from '../config.js';
import type { Exit } from './classify.js';
import { readOutput } from './output.js';

/** What a run hears of its trainer. */
export interface Ears {
  onMessage: (message: unknown) => void;
  onOutput: (from: 'stdout' | 'stderr', line: string) => void;
}

export interface Ended {
  exit: Exit;
  /** The end of what it wrote while it had the run. */
  output: string;
}

export interface TrainerProcess {
  readonly pid: number | undefined;
  /** False from the moment of its exit, or of a kill. */
  readonly alive: boolean;
  send(message: ToTrainer): void;
  /** SIGKILL: nothing gentler reaches a process that sits in a kernel. */
  kill(): void;
  /**
   * Hands all that is said from here on to `ears`. Resolves when the process says that it is idle, its last message
   * handed over, or is gone.
   */
  attend(ears: Ears): Promise<Ended | 'idle'>;
  /** Resolves when the process is gone and its last message has been handed over. */
  gone: Promise<Ended>;
}

const ENTRY = fileURLToPath(new URL('../trainer/main.js', import.meta.url));
/** How long messages may still come after the exit (a grandchild may hold the channel open for ever). */
const LAST_WORDS_MS = 1_000;

/** Starts a trainer process from built JavaScript. It ends by itself when this process dies. */
export function startTrainer(settings: TrainerSettings, env: NodeJS.ProcessEnv): TrainerProcess {
  const child = fork(ENTRY, [JSON.stringify(settings)], {
    serialization: 'advanced',
    env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let alive = true;
  let ears: Ears = { onMessage: () => {}, onOutput: () => {} };
  let onIdle: (() => void) | null = null;
  child.on('message', (message) => {
    if (isIdle(message)) onIdle?.();
    else ears.onMessage(message);
  });
  // stdio asks for both pipes, so both are there; the types cannot know.
  const outputs = [child.stdout, child.stderr].flatMap((stream, i) => {
    const said = (line: string): void => ears.onOutput(i === 0 ? 'stdout' : 'stderr', line);
    return stream === null ? [] : [{ said, output: readOutput(stream, said) }];
  });
  const tail = (): string => outputs.map((each) => each.output.tail()).join('\n');

  const gone = new Promise<Ended>((resolve) => {
    let failure = '';
    child.on('error', (error) => {
      failure = String(error);
      if (child.pid !== undefined) return;
      alive = false;
      resolve({ exit: { code: null, signal: null }, output: failure });
    });
    child.once('exit', (code, signal) => {
      alive = false;
      const done = (): void => resolve({ exit: { code, signal }, output: `${tail()}\n${failure}` });
      // 'close' comes after the last byte of output and the last message.
      child.once('close', done);
      setTimeout(done, LAST_WORDS_MS).unref();
    });
  });

  return {
    get pid() {
      return child.pid;
    },
    get alive() {
      return alive;
    },
    send(message) {
      if (child.connected) child.send(message, () => {});
    },
    kill() {
      alive = false;
      child.kill('SIGKILL');
    },
    attend(next) {
      for (const { said, output } of outputs) output.turn(said);
      ears = next;
      const idle = new Promise<'idle'>((resolve) => {
        // What it wrote before that message lies in its pipes: it is read in the same turn of the event loop.
        onIdle = () => void setImmediate().then(() => resolve('idle'));
      });
      return Promise.race([idle, gone]);
    },
    gone,
  };
}

const isIdle = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'idle';
