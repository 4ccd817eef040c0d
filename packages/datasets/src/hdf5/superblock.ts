import { open } from 'node:fs/promises';

const SIGNATURE = Buffer.from('894844460d0a1a0a', 'hex');

/**
 * What is wrong with a file before the HDF5 library sees it, or null: the library itself only says that it cannot
 * open the file, and prints its own stack on stderr.
 * Source: HDF5 File Format Specification 4.0, section II.A (superblock; it stands at 0, 512, 1024, 2048, ...).
 */
export async function superblockProblem(file: string): Promise<string | null> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size === 0) return 'the file is empty';
    const block = Buffer.alloc(64);
    for (let start = 0; start < size; start = start === 0 ? 512 : start * 2) {
      await handle.read(block, 0, block.length, start);
      if (!block.subarray(0, 8).equals(SIGNATURE)) continue;
      const end = start === 0 ? endOfFile(block) : null;
      return end !== null && end > size ? `cut off: it has ${size} bytes, its header says ${end}; copy it again` : null;
    }
    return 'not an HDF5 file';
  } finally {
    await handle.close();
  }
}

/** The end-of-file address; null where this superblock's form is unknown. */
function endOfFile(block: Buffer): number | null {
  const version = block[8] ?? 255;
  const old = version < 2;
  if (version > 3 || block[old ? 13 : 9] !== 8) return null;
  return Number(block.readBigUInt64LE(old ? 40 + 4 * version : 28));
}
