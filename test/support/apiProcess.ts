import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../apps/api/dist/main.js', import.meta.url));

/** The api as a process of its own, built as in production. */
export interface ApiProcess {
  child: ChildProcess;
  url: string;
  /** Ends it; resolves when it is gone. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export async function startApiProcess(folder: string, env: Record<string, string>): Promise<ApiProcess> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TRAWL_LOG_LEVEL: 'warn', TRAWL_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const gone = once(child, 'exit');
  const heard = await Promise.race([once(child, 'message').then(([message]) => message.url), gone.then(() => null)]);
  if (heard === null) throw new Error(`the api ended: ${output}`);
  return {
    child,
    url: heard,
    async stop(signal) {
      child.kill(signal);
      await gone;
    },
  };
}
