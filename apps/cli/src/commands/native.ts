import { installNative, type NativeSource, removeNative } from '@trawl/nn/native';
import type { Command } from 'commander';
import { type Context, UsageError } from '../context.js';

export function nativeCommands(program: Command, context: () => Context): void {
  const native = program.command('native').description("TensorFlow's own library as the training backend");

  native
    .command('install')
    .description('fetch libtensorflow, compile the addon against it, keep both in the cache')
    .option('--gpu', 'with CUDA')
    .option('--from <wheel|official|DIR>', "the Python wheel, Google's archive, or an unpacked libtensorflow", 'wheel')
    .action(async (options: { gpu?: true; from: NativeSource }) => {
      const ctx = context();
      try {
        const build = await installNative({
          from: options.from,
          gpu: options.gpu === true,
          cacheDir: ctx.config.nativeCacheDir,
          onProgress: (message) => process.stderr.write(`${message}\n`),
        });
        ctx.show(build, () => `TensorFlow ${build.version} is in place: ${build.dir}`);
      } catch (error) {
        // Each missing thing comes with its remedy: that is the whole message.
        throw new UsageError(error instanceof Error ? error.message : String(error));
      }
    });

  native
    .command('remove')
    .description('delete the native builds from the cache')
    .action(async () => {
      const ctx = context();
      const removed = await removeNative(ctx.config.nativeCacheDir);
      ctx.show(removed, () => (removed.length === 0 ? 'there was none' : `removed ${removed.join(', ')}`));
    });
}
