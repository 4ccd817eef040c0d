import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
// From the build, which holds no Python.
const script = (name: string): string => fileURLToPath(new URL(`../../bench/peers/${name}`, import.meta.url));
// No __pycache__ beside the sources.
const PYTHON = ['python3', '-B'] as const;

/** What a peer's script printed last, as JSON; a string says why there is none. */
export async function peer(
  name: string,
  args: readonly string[],
  seconds: number,
): Promise<Record<string, unknown> | string> {
  const [command, ...flags] = PYTHON;
  // In a process group of its own, which ends as a whole: peers start processes too.
  const child = spawn(command, [...flags, script(name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  process.once('exit', end);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, seconds * 1_000);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err = (said.err + chunk.toString()).slice(-4_000)));
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(String(error)));
    child.once('close', resolve);
  });
  clearTimeout(timer);
  end();
  process.off('exit', end);
  if (late) return `not within ${seconds} s`;
  if (code !== 0) return `${String(code)}: ${lastLine(said.err)}`;
  return JSON.parse(lastLine(said.out));
}

/** Whether python3 can import all of them, with their versions; or why not. */
export async function findPeer(modules: readonly string[]): Promise<{ found: boolean; about: string }> {
  const [command, ...flags] = PYTHON;
  const ask = `import ${modules.join(', ')}; print(${modules[0]}.__version__)`;
  try {
    const { stdout } = await run(command, [...flags, '-c', ask]);
    return { found: true, about: `${modules[0]} ${stdout.trim()}` };
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return { found: false, about: `${modules[0]} is not here: ${lastLine(stderr)}` };
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** A database of the server of `url`, as SQLAlchemy names it, whose own choice of a driver differs by version. */
export function sqlAlchemyUrl(url: string, database: string): string {
  const own = new URL(url);
  own.pathname = `/${database}`;
  return own.href.replace(/^postgres:/, 'postgresql+psycopg2:');
}
