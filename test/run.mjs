// `npm test`: every group of tests in turn, and at the end what each took.
// `npm test -- unit training` runs only those groups.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const GROUPS = ['unit', 'integration', 'training', 'chaos', 'examples'];

const wanted = process.argv.slice(2);
const unknown = wanted.find((group) => !GROUPS.includes(group));
if (unknown !== undefined) {
  process.stderr.write(`unknown group of tests "${unknown}"; there are: ${GROUPS.join(', ')}\n`);
  process.exit(2);
}

function timed(what, command, args) {
  const began = performance.now();
  const { status, signal } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (signal) process.exit(130);
  return { what, seconds: (performance.now() - began) / 1000, ok: status === 0 };
}

const scratch = mkdtempSync(join(tmpdir(), 'trawl-test-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const parts = [];
if (wanted.length === 0) {
  parts.push(timed('lint', bin('oxlint'), ['--type-aware', '--deny-warnings', '--quiet']));
  parts.push(timed('format', bin('oxfmt'), ['--check']));
}
const total = { passed: 0, failed: 0, skipped: 0 };
for (const group of wanted.length > 0 ? wanted : GROUPS) {
  const outputFile = join(scratch, `${group}.json`);
  const part = timed(group, bin('vitest'), [
    'run',
    `--project=${group}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${outputFile}`,
  ]);
  parts.push(part);
  try {
    const report = JSON.parse(readFileSync(outputFile, 'utf8'));
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests + (report.numFailedTestSuites > 0 && report.numFailedTests === 0 ? 1 : 0);
    total.skipped += report.numPendingTests + report.numTodoTests;
  } catch {
    part.ok = false; // No report: the runner itself died.
  }
}

process.stdout.write('\n');
for (const { what, seconds, ok } of parts) {
  process.stdout.write(`${what.padEnd(12)} ${seconds.toFixed(1).padStart(7)} s  ${ok ? 'passed' : 'FAILED'}\n`);
}
const broken = parts.filter((part) => !part.ok).length;
// Lint, format and runners that died count as failures of their own where no test of theirs was counted.
const failed = Math.max(total.failed, broken);
process.stdout.write(`${total.passed} passed, ${failed} failed, ${total.skipped} skipped\n`);
process.exit(failed === 0 ? 0 : 1);
