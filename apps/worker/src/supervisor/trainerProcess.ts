import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ToTrainer } from '@trawl/spec';
import type { TrainerSettings } from '../config.js';
import type { Exit } from './classify.js';
import { readOutput } from './output.js';

export interface TrainerProcess {
  readonly pid: number | undefined;
  send(message: ToTrainer): void;
  /** SIGKILL: nothing gentler reaches a process that sits in a kernel. */
  kill(): void;
  /** Resolves when the process is gone and its last message has been handed over. */
  ended: Promise<{ exit: Exit; output: string }>;
}

const ENTRY = fileURLToPath(new URL('../trainer/main.js', import.meta.url));
/** How long messages may still come after the exit (a grandchild may hold the channel open for ever). */
const LAST_WORDS_MS = 1_000;

/** Starts a trainer process from built JavaScript. It ends by itself when this process dies. */
export function startTrainer(options: {
  settings: TrainerSettings;
  env: NodeJS.ProcessEnv;
  onMessage: (message: unknown) => void;
  onOutput(from: 'stdout' | 'stderr', line: string): void;
}): TrainerProcess {
  const child = fork(ENTRY, [JSON.stringify(options.settings)], {
    serialization: 'advanced',
    env: options.env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child.on('message', options.onMessage);
  // stdio asks for both pipes, so both are there; the types cannot know.
  const outputs = [child.stdout, child.stderr].flatMap((stream, i) =>
    stream === null ? [] : [readOutput(stream, (line) => options.onOutput(i === 0 ? 'stdout' : 'stderr', line))],
  );
  const output = (): string => outputs.map((each) => each.tail()).join('\n');

  const ended = new Promise<{ exit: Exit; output: string }>((resolve) => {
    let failure = '';
    child.on('error', (error) => {
      failure = String(error);
      if (child.pid === undefined) resolve({ exit: { code: null, signal: null }, output: failure });
    });
    child.once('exit', (code, signal) => {
      const done = (): void => resolve({ exit: { code, signal }, output: `${output()}\n${failure}` });
      // 'close' comes after the last byte of output and the last message.
      child.once('close', done);
      setTimeout(done, LAST_WORDS_MS).unref();
    });
  });

  return {
    get pid() {
      return child.pid;
    },
    send(message) {
      if (child.connected) child.send(message, () => {});
    },
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
}
