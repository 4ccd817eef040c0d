import type { Readable } from 'node:stream';
import type { TensorShapes } from '@trawl/spec';
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

type Read = (range: { start: number; end: number }) => Promise<Readable>;

/**
 * What a file of weights holds, or what keeps it from being weights that a trainer can load. Reads the header alone: 8
 * bytes little-endian length, JSON of { name: { dtype, shape, data_offsets } }, then tensors one after the other
 * (huggingface/safetensors, README "Format"; trainers read F32).
 */
export async function readSafetensors(
  size: number,
  read: Read,
): Promise<{ tensors: TensorShapes } | { problem: string }> {
  if (size < LENGTH_BYTES) return no(`${size} bytes hold no header`);
  const length = Number((await bytesOf(read, 0, LENGTH_BYTES)).readBigUInt64LE());
  if (length > MAX_HEADER || LENGTH_BYTES + length > size) return no('no safetensors file, or cut off in its header');
  if (length === 0) return no('its header is empty');
  const header = parse((await bytesOf(read, LENGTH_BYTES, length)).toString('utf8'));
  if (header === null) return no('its header is no JSON object');
  const { __metadata__: _, ...entries } = header;
  const tensors: { name: string; shape: number[]; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const parsed = Tensor.safeParse(entry);
    if (!parsed.success) return no(`tensor ${name}: its description is not { dtype, shape, data_offsets }`);
    const { dtype, shape, data_offsets } = parsed.data;
    if (dtype !== 'F32') return no(`tensor ${name} is ${dtype}; write it as F32`);
    const [begin, end] = data_offsets;
    const bytes = shape.reduce((product, n) => product * n, F32_BYTES);
    if (end - begin !== bytes) return no(`tensor ${name}: ${end - begin} bytes for a shape of ${bytes}`);
    tensors.push({ name, shape, begin, end });
  }
  if (tensors.length === 0) return no('it holds no tensors');
  let at = 0;
  for (const { name, begin, end } of tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) return no(`tensor ${name} begins at byte ${begin} of the data, not at ${at}`);
    at = end;
  }
  const data = size - LENGTH_BYTES - length;
  if (at !== data) return no(`its tensors have ${at} bytes and the file holds ${data}: cut off, or not one file`);
  return { tensors: Object.fromEntries(tensors.map(({ name, shape }) => [name, shape])) };
}

const no = (problem: string): { problem: string } => ({ problem });

async function bytesOf(read: Read, start: number, length: number): Promise<Buffer> {
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
