import { unzipSync } from 'fflate';

/**
 * The last `units` latents, which are the unsupervised ones, of `latents.npz` as a run leaves it: one array a latent, of at
 * most `frames` frames at equal distances over all trials. The same rows for every run on the same data.
 * @throws Error where the file is none of ours
 */
export function readLatents(npz: Uint8Array, units: number, frames: number): Float64Array[] {
  const trials = Object.entries(unzipSync(npz, { filter: ({ name }) => name.startsWith('trial_') }))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, content]) => readRows(name, Buffer.from(content)));
  const total = trials.reduce((sum, { rows }) => sum + rows, 0);
  const count = Math.min(frames, total);
  const columns = Array.from({ length: units }, () => new Float64Array(count));
  let before = 0;
  let i = 0;
  for (const { rows, latents, at } of trials) {
    for (; i < count && Math.floor((i * total) / count) < before + rows; i += 1) {
      const row = Math.floor((i * total) / count) - before;
      for (const [unit, column] of columns.entries()) column[i] = at(row * latents + latents - units + unit);
    }
    before += rows;
  }
  return columns;
}

/** A NumPy array [rows, latents] of `<f4`. */
function readRows(name: string, bytes: Buffer): { rows: number; latents: number; at: (index: number) => number } {
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.subarray(10, start).toString('latin1');
  const [, rows, latents] = /'<f4'.*'shape': \((\d+), (\d+)\)/.exec(header) ?? [];
  if (rows === undefined || latents === undefined) throw new Error(`${name} is no table of float32: ${header.trim()}`);
  return { rows: Number(rows), latents: Number(latents), at: (index) => bytes.readFloatLE(start + 4 * index) };
}
