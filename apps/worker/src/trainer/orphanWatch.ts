import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { z } from 'zod';

const LOOK_MS = 1_000;

/**
 * Ends this process when its parent is gone although the event loop stands still (a long kernel, an endless loop),
 * so that 'disconnect' is not heard. A thread of its own looks whether the process has been given to another parent.
 */
export function watchParent(parentPid: number): void {
  new Worker(new URL(import.meta.url), { workerData: { parentPid } }).unref();
}

if (!isMainThread) {
  const { parentPid } = z.object({ parentPid: z.int() }).parse(workerData);
  setInterval(() => {
    if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  }, LOOK_MS);
}
