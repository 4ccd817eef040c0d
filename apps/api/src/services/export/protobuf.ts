/*
 * As much of the protocol buffer wire format as event files take: each function writes one field. Fields in any order, and
 * those of default value left out, are the same message (protobuf.dev, "Encoding").
 */

const VARINT = 0;
const I64 = 1;
const LEN = 2;
const I32 = 5;

export const varint = (field: number, value: number): Buffer => Buffer.concat([key(field, VARINT), base128(value)]);

export function double(field: number, value: number): Buffer {
  const encoded = Buffer.alloc(8);
  encoded.writeDoubleLE(value);
  return Buffer.concat([key(field, I64), encoded]);
}

export function float(field: number, value: number): Buffer {
  const encoded = Buffer.alloc(4);
  encoded.writeFloatLE(value);
  return Buffer.concat([key(field, I32), encoded]);
}

export const bytes = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([key(field, LEN), base128(value.length), value]);

export const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));

/** A message within a message. */
export const message = (field: number, ...fields: Uint8Array[]): Buffer => bytes(field, Buffer.concat(fields));

const key = (field: number, type: number): Buffer => base128(field * 8 + type);

/** Of an integer from 0 to 2^53. */
function base128(value: number): Buffer {
  const groups: number[] = [];
  let rest = value;
  do {
    const group = rest % 128;
    rest = Math.floor(rest / 128);
    groups.push(rest > 0 ? group + 128 : group);
  } while (rest > 0);
  return Buffer.from(groups);
}
