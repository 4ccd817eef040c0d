#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { auditCommand } from './commands/audit.js';
import { backupCommands } from './commands/backup.js';
import { controlCommands } from './commands/control.js';
import { datasetCommands } from './commands/dataset.js';
import { doctorCommand } from './commands/doctor.js';
import { exportCommand } from './commands/export.js';
import { extendCommand } from './commands/extend.js';
import { importCommands } from './commands/import.js';
import { keyCommands } from './commands/key.js';
import { figureCommands } from './commands/figures.js';
import { nativeCommands } from './commands/native.js';
import { readCommands } from './commands/read.js';
import { roleCommands } from './commands/roles.js';
import { submitCommand } from './commands/submit.js';
import { topCommand } from './commands/top.js';
import { upCommand } from './commands/up.js';
import { watchCommand } from './commands/watch.js';
import { weightsCommands } from './commands/weights.js';
import { type Context, createContext, exitCodeOf, messageOf } from './context.js';

const EXIT_CODES = `
Exit codes: 0 done
            1 the service refused, or what was watched failed
            2 the command or a setting is wrong
            3 the service does not answer
          130 interrupted
`;

const program = new Command('trawl')
  .description('hyperparameter sweeps for representation-learning models')
  .option('--json', 'answer with JSON on standard output')
  .addHelpText('after', EXIT_CODES)
  .showHelpAfterError('(trawl --help lists the commands)')
  .exitOverride();

const context = (): Context => createContext(program.opts<{ json?: true }>().json === true);
for (const register of [
  upCommand,
  roleCommands,
  submitCommand,
  watchCommand,
  topCommand,
  readCommands,
  exportCommand,
  extendCommand,
  controlCommands,
  datasetCommands,
  weightsCommands,
  backupCommands,
  keyCommands,
  auditCommand,
  figureCommands,
  importCommands,
  doctorCommand,
  nativeCommands,
]) {
  register(program, context);
}
// `--json` may stand before or after the command.
for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
  command.option('--json', 'answer with JSON on standard output');
}
program.hook('preAction', (_, command) => {
  if (command.optsWithGlobals<{ json?: true }>().json) program.setOptionValue('json', true);
});

// A reader that closes early (`trawl ls | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    process.stderr.write(`trawl: ${messageOf(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
