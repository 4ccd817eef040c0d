import type { HostTensors } from '../contract.js';
import { CheckpointError } from '../errors.js';

/*
 * The safetensors format (huggingface/safetensors, README "Format"): 8 bytes little-endian header length, a JSON header
 * { name: { dtype, shape, data_offsets: [begin, end] }, __metadata__: { text: text } }, then the tensors' bytes.
 * Only F32 is written and read. Every platform that runs trawl is little-endian, as the format is.
 */

const LENGTH_BYTES = 8;
const METADATA = '__metadata__';
/** The format's own bound on the header. */
const MAX_HEADER = 100_000_000;

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** The file's parts in order, so that a large model is not copied once more to be joined. */
export function encode(tensors: HostTensors, metadata: Record<string, string>): Uint8Array[] {
  const header: Record<string, Entry | Record<string, string>> = { [METADATA]: metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  // Spaces after the JSON keep the data aligned, as the format asks.
  const json = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const start = Buffer.alloc(LENGTH_BYTES + length, ' ');
  start.writeBigUInt64LE(BigInt(length));
  json.copy(start, LENGTH_BYTES);
  return [start, ...parts];
}

/** @throws CheckpointError saying what is wrong with the bytes: truncated, no header, tensors that do not tile the data. */
export function decode(file: Buffer): { tensors: HostTensors; metadata: Record<string, string> } {
  if (file.length < LENGTH_BYTES) throw new CheckpointError(`truncated: ${file.length} bytes hold no header`);
  const length = Number(file.readBigUInt64LE());
  if (length > MAX_HEADER) throw new CheckpointError(`no safetensors file: its header would have ${length} bytes`);
  const start = LENGTH_BYTES + length;
  if (file.length < start) throw new CheckpointError(`truncated: ${file.length} bytes of a header of ${length}`);
  const { metadata, entries } = parseHeader(file.subarray(LENGTH_BYTES, start));

  const tensors: HostTensors = {};
  let end = 0;
  const inOrder = Object.entries(entries).toSorted(([, a], [, b]) => a.data_offsets[1] - b.data_offsets[1]);
  for (const [name, entry] of inOrder) {
    const size = entry.shape.reduce((product, n) => product * n, 4);
    const [from, to] = entry.data_offsets;
    if (entry.dtype !== 'F32') throw new CheckpointError(`tensor ${name}: dtype ${entry.dtype}; only F32 is read`);
    if (to - from !== size)
      throw new CheckpointError(`tensor ${name}: ${to - from} bytes for shape [${entry.shape.join(', ')}]`);
    if (from !== end) throw new CheckpointError(`tensor ${name}: begins at byte ${from} of the data; wanted ${end}`);
    if (start + to > file.length) {
      throw new CheckpointError(`truncated: tensor ${name} ends at byte ${start + to} of ${file.length}`);
    }
    const data = new Float32Array(size / 4);
    file.copy(new Uint8Array(data.buffer), 0, start + from, start + to);
    tensors[name] = { shape: entry.shape, data };
    end = to;
  }
  if (start + end !== file.length)
    throw new CheckpointError(`${file.length - start - end} bytes too many after the last tensor`);
  return { tensors, metadata };
}

interface Header {
  metadata: Record<string, string>;
  entries: Record<string, Entry>;
}

function parseHeader(bytes: Buffer): Header {
  const header: Header = { metadata: {}, entries: {} };
  for (const [name, value] of Object.entries(parseJson(bytes))) {
    if (name === METADATA && isTexts(value)) header.metadata = value;
    else if (name !== METADATA && isEntry(value)) header.entries[name] = value;
    else throw new CheckpointError(`no safetensors file: its header's ${name} is not legal`);
  }
  return header;
}

function parseJson(bytes: Buffer): object {
  try {
    const header: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof header === 'object' && header !== null) return header;
  } catch {
    // Not JSON: said below.
  }
  throw new CheckpointError('no safetensors file: its header is no JSON object');
}

const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');

const isWhole = (list: unknown): list is number[] =>
  Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' &&
  value !== null &&
  'dtype' in value &&
  typeof value.dtype === 'string' &&
  'shape' in value &&
  isWhole(value.shape) &&
  'data_offsets' in value &&
  isWhole(value.data_offsets) &&
  value.data_offsets.length === 2;
