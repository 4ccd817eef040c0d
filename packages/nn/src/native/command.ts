import { spawn } from 'node:child_process';

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; a program that does not exist has code null. Never throws. */
export function runCommand(program: string, args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', (error) => resolve({ code: null, stdout, stderr: error.message }));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The last lines of a failed command that say something: no stack frames. */
export function lastLines(result: CommandResult, count = 5): string {
  const lines = (result.stderr || result.stdout)
    .split('\n')
    .filter((line) => !/^\s*(at .*|\^?|Node\.js v.*)$/.test(line));
  return lines.slice(-count).join('\n');
}
