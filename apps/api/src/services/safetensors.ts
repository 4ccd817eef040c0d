import type { Readable } from 'node:stream';
import { z } from 'zod';

/** The format's own bound on the header. */
const MAX_HEADER = 100_000_000;
const LENGTH_BYTES = 8;
const F32_BYTES = 4;

const Tensor = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/**
 * What keeps a file from being weights that a trainer can load, or null. Reads the header alone: 8 bytes little-endian
 * length, JSON of { name: { dtype, shape, data_offsets } }, then tensors one after the other (huggingface/safetensors,
 * README "Format"; trainers read F32).
 */
export async function safetensorsProblem(
  size: number,
  read: (range: { start: number; end: number }) => Promise<Readable>,
): Promise<string | null> {
  if (size < LENGTH_BYTES) return `${size} bytes hold no header`;
  const length = Number((await bytesOf(read, 0, LENGTH_BYTES)).readBigUInt64LE());
  if (length > MAX_HEADER || LENGTH_BYTES + length > size) return 'no safetensors file, or cut off in its header';
  if (length === 0) return 'its header is empty';
  const header = parse((await bytesOf(read, LENGTH_BYTES, length)).toString('utf8'));
  if (header === null) return 'its header is no JSON object';
  const { __metadata__: _, ...entries } = header;
  const tensors: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const parsed = Tensor.safeParse(entry);
    if (!parsed.success) return `tensor ${name}: its description is not { dtype, shape, data_offsets }`;
    const { dtype, shape, data_offsets } = parsed.data;
    if (dtype !== 'F32') return `tensor ${name} is ${dtype}; write it as F32`;
    const [begin, end] = data_offsets;
    const bytes = shape.reduce((product, n) => product * n, F32_BYTES);
    if (end - begin !== bytes) return `tensor ${name}: ${end - begin} bytes for a shape of ${bytes}`;
    tensors.push({ name, begin, end });
  }
  if (tensors.length === 0) return 'it holds no tensors';
  let at = 0;
  for (const { name, begin, end } of tensors.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) return `tensor ${name} begins at byte ${begin} of the data, not at ${at}`;
    at = end;
  }
  const data = size - LENGTH_BYTES - length;
  return at === data ? null : `its tensors have ${at} bytes and the file holds ${data}: cut off, or not one file`;
}

async function bytesOf(
  read: (range: { start: number; end: number }) => Promise<Readable>,
  start: number,
  length: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await read({ start, end: start + length - 1 })) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    return null;
  }
}
