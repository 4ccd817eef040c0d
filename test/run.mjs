// `npm test`: every group of tests in turn, and at the end what each took.
// `npm test -- unit training` runs only those groups.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
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
const again = [];
for (const group of wanted.length > 0 ? wanted : GROUPS) {
  let { part, report } = run(group, []);
  // Tests of whole services wait for real processes, and a machine that does other work can starve one for seconds. The
  // files that failed are run once more by themselves, and named below if they pass then; a defect fails both times.
  const failed = report?.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name) ?? [];
  if (group !== 'unit' && failed.length > 0) {
    const second = run(group, failed);
    again.push(...failed.map((file) => relative(root, file)));
    part = { ...second.part, seconds: part.seconds + second.part.seconds };
    const rest = report.testResults.filter(({ name }) => !failed.includes(name));
    report = second.report === null ? null : { testResults: [...rest, ...second.report.testResults] };
  }
  parts.push(part);
  if (report === null) part.ok = false; // The runner itself died.
  for (const { status, assertionResults } of report?.testResults ?? []) {
    const count = (what) => assertionResults.filter((test) => test.status === what).length;
    total.passed += count('passed');
    // A file that broke before its first test has none that failed.
    total.failed += Math.max(count('failed'), status === 'failed' ? 1 : 0);
    total.skipped += assertionResults.length - count('passed') - count('failed');
  }
}

/** One run of a group's tests, or of some files of it; what it reported, or null if it died. */
function run(group, files) {
  const outputFile = join(scratch, `${group}${files.length > 0 ? '-again' : ''}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
  const part = timed(group, bin('vitest'), ['run', `--project=${group}`, ...reporters, ...files]);
  try {
    return { part, report: JSON.parse(readFileSync(outputFile, 'utf8')) };
  } catch {
    return { part, report: null };
  }
}

process.stdout.write('\n');
for (const { what, seconds, ok } of parts) {
  process.stdout.write(`${what.padEnd(12)} ${seconds.toFixed(1).padStart(7)} s  ${ok ? 'passed' : 'FAILED'}\n`);
}
for (const file of again) process.stdout.write(`failed at first and was run again: ${file}\n`);
const broken = parts.filter((part) => !part.ok).length;
// Lint, format and runners that died count as failures of their own where no test of theirs was counted.
const failed = Math.max(total.failed, broken);
process.stdout.write(`${total.passed} passed, ${failed} failed, ${total.skipped} skipped\n`);
process.exit(failed === 0 ? 0 : 1);
