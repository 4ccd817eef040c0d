const BLOCK = 512;
/** Bytes of a name, and of the folders before it, that a header holds. */
const MAX_NAME = 100;
const MAX_PREFIX = 155;

/** One file as a member of a tar archive (POSIX.1-1988 ustar), padded to whole blocks. */
export function tarMember(name: string, content: Uint8Array, modifiedAt: Date): Uint8Array[] {
  const [prefix, rest] = splitName(name);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): number =>
    header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  header.write(rest, 0);
  header.write(prefix, 345);
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(Math.floor(modifiedAt.getTime() / 1000), 136, 12);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  // The checksum counts its own place as spaces.
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return [header, content, padding];
}

/** A long name is parted at a slash. */
function splitName(name: string): [prefix: string, name: string] {
  if (Buffer.byteLength(name) <= MAX_NAME) return ['', name];
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (Buffer.byteLength(rest) <= MAX_NAME && Buffer.byteLength(prefix) <= MAX_PREFIX) return [prefix, rest];
  }
  throw new Error(`too long for tar: ${name}`);
}

/** What ends an archive. */
export const TAR_END: Uint8Array = Buffer.alloc(2 * BLOCK);
