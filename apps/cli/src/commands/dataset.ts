import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Client } from '@trawl/client';
import type { DatasetView } from '@trawl/spec';
import type { Command } from 'commander';
import { type Context, UsageError } from '../context.js';
import { datasetList } from '../render/tables.js';
import { sendFile } from '../sending.js';
import { wholeNumber } from './read.js';

export function datasetCommands(program: Command, context: () => Context): void {
  const dataset = program.command('dataset').description('data that sweeps are trained on');

  dataset
    .command('upload')
    .description('send a file of data to the service; this prints what a spec names it by')
    .argument('<file>', "HDF5 in BehaveNet's layout")
    .option('--name <text>', 'to tell it from others (by default its file name)')
    .action(async (path: string, { name = basename(path) }: { name?: string }) => {
      const ctx = context();
      const facts = await stat(path).catch(() => null);
      if (facts?.isDirectory())
        throw new UsageError(
          `${path} is a folder, and only single files can be sent: put it below a data root of the service and of its workers, and name it as { kind: frames, path: ... }`,
        );
      const files = ctx.files();
      const sent = await sendFile(path, 'dataset', (onSent) => files.uploadDataset({ path, name, onSent }));
      ctx.show(sent, () => `dataset: { kind: ${sent.kind}, path: "sha256:${sent.sha256}" }\n${datasetList([sent])}`);
    });

  dataset
    .command('ls')
    .description('list what was uploaded or named by a sweep, newest first')
    .option('-n, --most <n>', 'at most so many', wholeNumber, 50)
    .action(async ({ most }: { most: number }) => {
      const ctx = context();
      const found: DatasetView[] = [];
      for await (const each of ctx.client().datasets.list()) if (found.push(each) >= most) break;
      ctx.show(found, () => datasetList(found));
    });

  dataset
    .command('rm')
    .description('delete an upload that no sweep uses')
    .argument('<id>', 'its id, the beginning of one, or its name')
    .action(async (given: string) => {
      const ctx = context();
      const client = ctx.client();
      const id = await resolve(client, given);
      await client.datasets.delete(id);
      ctx.show({ deleted: id }, () => `deleted ${id}`);
    });
}

/** @throws UsageError where none or several fit. */
async function resolve(client: Client, given: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(given)) return given;
  const fits: string[] = [];
  for await (const { id, name } of client.datasets.list()) {
    if (name === given || (given.length >= 4 && id.startsWith(given))) fits.push(id);
  }
  const [one, other] = fits;
  if (one !== undefined && other === undefined) return one;
  if (one === undefined)
    throw new UsageError(`no dataset "${given}": give an id or the beginning of one (trawl dataset ls)`);
  throw new UsageError(`"${given}" fits ${fits.length} datasets: ${fits.join(', ')}`);
}
