/*
 * Writes src/generated from prisma/schema.prisma where it is missing or older than the schema.
 * `prisma generate` insists on a schema engine, which it would download, and then does not use it:
 * any file that exists satisfies it.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const root = path.resolve(here, '../../../..');
const schema = path.join(root, 'prisma/schema.prisma');
const output = path.join(root, 'packages/store/src/generated');

const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

// Each is compared, so that an interrupted run does not pass for a finished one.
const newestInput = Math.max(modified(schema), modified(here));
const outputs = ['client.ts', 'enums.ts', 'internal/class.ts', 'models.ts'];
if (outputs.every((file) => modified(path.join(output, file)) > newestInput)) process.exit(0);

rmSync(output, { recursive: true, force: true });
const cli = path.join(path.dirname(createRequire(here).resolve('prisma/package.json')), 'build/index.js');
const result = spawnSync(
  process.execPath,
  [cli, 'generate', '--config', path.join(root, 'prisma/prisma.config.ts'), '--no-hints'],
  {
    cwd: root,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: here,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
    encoding: 'utf8',
  },
);
if (result.status !== 0) {
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n`);
  rmSync(output, { recursive: true, force: true });
  process.exit(1);
}
