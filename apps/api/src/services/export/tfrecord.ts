/*
 * The record format of TensorFlow (tensorflow/core/lib/io/record_writer.h): length as uint64, its masked CRC-32C, the data,
 * their masked CRC-32C; little-endian.
 */

/** CRC-32C (Castagnoli) by bytes, reflected polynomial 0x82f63b78. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Of the bytes from `begin` up to `end`. */
export function crc32c(bytes: Uint8Array, begin = 0, end = bytes.length): number {
  let crc = 0xffffffff;
  for (let at = begin; at < end; at += 1) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Rotated by 15 bits, plus a constant: a checksum of data that hold checksums would be weak. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Bytes of a record before its data, and all that are not data. */
export const RECORD_HEADER = 12;
export const RECORD_OVERHEAD = RECORD_HEADER + 4;

/** Makes the data that stand in `into` from `begin + RECORD_HEADER` to `end` a record; where the next one begins. */
export function sealRecord(into: Buffer, begin: number, end: number): number {
  const data = begin + RECORD_HEADER;
  into.writeBigUInt64LE(BigInt(end - data), begin);
  into.writeUInt32LE(masked(crc32c(into, begin, begin + 8)), begin + 8);
  return into.writeUInt32LE(masked(crc32c(into, data, end)), end);
}

export function tfRecord(data: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(RECORD_OVERHEAD + data.length);
  record.set(data, RECORD_HEADER);
  sealRecord(record, 0, RECORD_HEADER + data.length);
  return record;
}
