// Makes a fresh clone runnable: installs the locked dependencies, generates the database client, builds.
// Plain JavaScript on Node's own modules, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const stamp = join(root, 'node_modules', '.trawl-installed');

function fail(message) {
  process.stderr.write(`trawl setup: ${message}\n`);
  process.exit(1);
}

function run(what, command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) fail(`${what} could not start: ${error.message}`);
  if (signal) process.exit(130);
  if (status !== 0) fail(`${what} failed (exit ${status}); the lines above say why`);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old: 20.19 or newer is needed (https://nodejs.org)`);
}

// npm's own check of an up-to-date tree costs seconds; the lockfile's hash tells as much.
const locked = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform} ${process.arch}`)
  .digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== locked) {
  process.stderr.write('trawl setup: installing the locked dependencies (once; about a minute) ...\n');
  // The npm that started this script, where one did: its path is sure to exist.
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) run('npm ci', process.execPath, [npm, 'ci', '--no-audit', '--no-fund']);
  else run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(stamp, locked);
}

run('generating the database client', process.execPath, [join(root, 'packages', 'store', 'scripts', 'generate.mjs')]);
run('the build', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--build']);
