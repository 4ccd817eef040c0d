import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Stops the server when this process ends in any way, kill -9 included: a shell waits on a pipe whose
 * other end only this process holds, and signals the server once it closes.
 */
export function watch(server: ChildProcess): void {
  const script = 'read -r _; kill -INT "$1" 2>/dev/null';
  const watchdog = spawn('sh', ['-c', script, 'trawl-watchdog', String(server.pid)], {
    // Its own session: Ctrl-C in the terminal is for us to handle.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  watchdog.unref();
  watchdog.stdin?.on('error', () => undefined);
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
  // The pid may soon be another process's.
  server.once('exit', () => watchdog.kill('SIGKILL'));
}
