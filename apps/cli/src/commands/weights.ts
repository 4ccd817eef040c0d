import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { bytes } from '../render/numbers.js';
import { sendFile } from '../sending.js';

export function weightsCommands(program: Command, context: () => Context): void {
  const weights = program.command('weights').description('weights that sweeps start from or that parameters name');

  weights
    .command('upload')
    .description('send a file of weights to the service; a spec names it by the sha256 that this prints')
    .argument('<file>', 'safetensors of F32 tensors, named as the model names them')
    .option('--name <text>', 'to tell it from others (by default its file name)')
    .action(async (path: string, { name = basename(path) }: { name?: string }) => {
      const ctx = context();
      const files = ctx.files();
      const mediaType = 'application/octet-stream';
      const sent = await sendFile(path, 'weights', (onSent) =>
        files.upload({ path, name, kind: 'weights', mediaType, onSent }),
      );
      const hash = `sha256:${sent.sha256}`;
      ctx.show(
        sent,
        () =>
          `${hash}\n${sent.name}, ${bytes(sent.size)}: for from: { upload: "${hash}" } of a stage, or a parameter that takes a file, as vgg_weights: "${hash}"`,
      );
    });
}
