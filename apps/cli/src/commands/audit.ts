import type { AuditView } from '@trawl/spec';
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { table } from '../render/tables.js';
import { wholeNumber } from './read.js';

export function auditCommand(program: Command, context: () => Context): void {
  program
    .command('audit')
    .description('who changed what and when, newest first; it takes a key of scope admin')
    .option('--target <id>', 'only what was done to this sweep, run, key or data (a whole id)')
    .option('-n, --most <n>', 'at most so many', wholeNumber, 50)
    .action(async ({ target, most }: { target?: string; most: number }) => {
      const ctx = context();
      const entries: AuditView[] = [];
      for await (const entry of ctx.client().audit({ target, limit: Math.min(most, 500) })) {
        if (entries.push(entry) >= most) break;
      }
      ctx.show(entries, () => auditList(entries));
    });
}

function auditList(entries: readonly AuditView[]): string {
  if (entries.length === 0) return 'Nothing was changed.';
  return table(
    ['at', 'by', 'did', 'to', 'with'],
    entries.map(({ at, by, action, target, detail }) => [
      at,
      by,
      action,
      target ?? '',
      detail === null ? '' : JSON.stringify(detail),
    ]),
  );
}
