/** Bytes that are sent at once: a run's line is small, and each piece of a stream costs more than its bytes. */
const ENOUGH = 64 * 1024;

/** The same bytes in pieces of about `ENOUGH`. */
export async function* gathered(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece);
    held.push(bytes);
    size += bytes.length;
    if (size < ENOUGH) continue;
    yield Buffer.concat(held, size);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held, size);
}
