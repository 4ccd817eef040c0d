import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { videoFile, writeHdf5 } from './hdf5.js';

/**
 * Fills a data root: `mouse/data.hdf5` is sound (20 trials of 4 frames, 32 x 32, 2 labels), `nolabels.hdf5` lacks
 * labels, `broken.hdf5` is text, `link.hdf5` leads out of the root to a file beside it.
 */
export async function writeDataRoot(root: string): Promise<void> {
  const video = videoFile({ frames: Array.from({ length: 20 }, () => 4), height: 32, width: 32, labels: 2 });
  await mkdir(join(root, 'mouse'));
  await writeHdf5(join(root, 'mouse/data.hdf5'), video);
  await writeHdf5(join(root, 'nolabels.hdf5'), { images: video['images'] ?? {} });
  await writeFile(join(root, 'broken.hdf5'), 'no HDF5 at all');
  await writeFile(join(root, '../outside.hdf5'), 'secret');
  await symlink('../outside.hdf5', join(root, 'link.hdf5'));
}
