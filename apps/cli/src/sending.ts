import { access, constants, stat } from 'node:fs/promises';
import { UsageError } from './context.js';
import { transferProgress } from './render/transfer.js';

/** From here on a person is told why nothing is heard for a while. */
const LARGE_BYTES = 50_000_000;

/** Files whose name says that the other command is meant, told before gigabytes are sent in vain. */
const MISTAKEN = {
  dataset: { name: /\.safetensors$/i, means: 'weights' },
  weights: { name: /\.(h5|hdf5)$/i, means: 'dataset' },
} as const;

type OnSent = (bytes: number, total: number) => void;

/**
 * Sends a file that can be read, with progress on stderr where it is large.
 * @throws UsageError where there is nothing to send
 */
export async function sendFile<T>(
  path: string,
  what: 'dataset' | 'weights',
  send: (onSent: OnSent) => Promise<T>,
): Promise<T> {
  const { name, means } = MISTAKEN[what];
  const facts = await stat(path).catch(() => null);
  if (facts === null || !facts.isFile()) throw new UsageError(`there is no file ${path}`);
  if (facts.size === 0) throw new UsageError(`${path} is empty`);
  if (name.test(path)) throw new UsageError(`${path} is no ${what} by its name: trawl ${means} upload sends it`);
  await access(path, constants.R_OK).catch(() => {
    throw new UsageError(`${path} may not be read`);
  });
  if (facts.size < LARGE_BYTES) return send(() => {});
  const progress = transferProgress('upload', process.stderr);
  progress.show({ what: 'reading', done: 0, total: 0 });
  return send((done, total) => progress.show({ what: 'sent', done, total })).finally(progress.stop);
}
