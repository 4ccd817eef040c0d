import type { Command } from 'commander';
import type { Context } from '../context.js';
import { startStack } from '../stack/up.js';
import { untilSignal } from '../stack/signals.js';
import { wholeNumber } from './read.js';

const say = (line: string): void => void process.stderr.write(`trawl: ${line}\n`);

export function upCommand(program: Command, context: () => Context): void {
  program
    .command('up')
    .description('start everything on this machine: Postgres, api, scheduler and one worker')
    .option('--slots <n>', 'trainers at once (default: one a GPU, else one a core)', wholeNumber)
    .action(async ({ slots }: { slots?: number }) => {
      const ctx = context();
      const { config } = ctx;
      const stack = await startStack({ config, slots, say });
      say(`ready at ${stack.apiUrl} (data in ${config.dataDir})`);
      if (ctx.json) ctx.show({ apiUrl: stack.apiUrl, dataDir: config.dataDir, pid: stack.pid }, () => '');
      say('submit a sweep: npm run -s trawl -- submit sweeps/demo.yaml --watch');
      say('Ctrl-C stops everything; running runs write a checkpoint first');
      const reason = await Promise.race([stack.broken, untilSignal().then(() => null)]);
      if (reason !== null) say(reason);
      say('stopping');
      await stack.stop();
      if (reason !== null) process.exitCode = 1;
    });
}
