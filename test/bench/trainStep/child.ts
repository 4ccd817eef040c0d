import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Order } from './protocol.js';
import { Ready, Stepped } from './protocol.js';

/** A process that trains when it is told to. */
export interface Child {
  ready: Ready;
  step(order: Order): Promise<Stepped>;
  close(): Promise<void>;
}

/** Starts one and waits until it has made its first step. Throws with what it said last when it ends before its time. */
export async function startChild(command: string, args: string[]): Promise<Child> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lastWords: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => lastWords.splice(0, lastWords.length - 4, line));
  // A write to a child that died is seen by the read that follows.
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function next(): Promise<unknown> {
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value);
    const [code, signal] = await exited;
    throw new Error([`ended with ${signal ?? `exit code ${code}`}`, ...lastWords].join('\n  '));
  }
  return {
    ready: Ready.parse(await next()),
    async step(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return Stepped.parse(await next());
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
