import { Dataset, File, Group, ready } from 'h5wasm/node';
import { sealed } from './seal.js';

/** Numbers that the layout may hold. Booleans are h5py's: an enum on int8. */
export type NumberType =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'bool';

/** A dataset's description, read without its values. */
export interface DatasetHead {
  /** As `images/trial_0003`. */
  name: string;
  shape: number[];
  /** Null for text, compounds, half floats and other things that are no plain numbers. */
  type: NumberType | null;
  /** Why its values cannot be read, or null. */
  unreadable: string | null;
}

const READERS = {
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<NumberType, unknown>;

const INTEGER = 0;
const FLOAT = 1;
const ENUM = 8;
/** Filters that h5wasm has built in: gzip, shuffle, fletcher32, szip, nbit, scaleoffset. */
const LAST_BUILT_IN_FILTER = 6;

/** The bytes of the file cannot be read as its description says. */
export class DamagedFileError extends Error {
  override name = 'DamagedFileError';
}

/** An HDF5 file open for reading. h5wasm reads from the real file, so only what is asked for comes into memory. */
export interface Hdf5Reader {
  /** Names of the root's groups, without links. */
  groups(): string[];
  /** Names in a group that exists. */
  names(group: string): string[];
  /** Null where there is no such dataset, or the name is a link. */
  head(group: string, name: string): DatasetHead | null;
  /** Rows `first` to `first + count` along the first axis. Throws DamagedFileError. */
  read(head: DatasetHead, first: number, count: number): ArrayLike<number> | ArrayLike<bigint>;
  close(): void;
}

const ELSEWHERE = 'its values stand in another file; write the values into this file';

/**
 * Opens a file that `superblockProblem` found sound. Whatever the file says, no other file is opened (seal.ts).
 * Throws DamagedFileError.
 */
export async function openHdf5(path: string): Promise<Hdf5Reader> {
  const library = await ready;
  const inside = <T>(call: () => T): T => sealed(library, null, call).value;
  const opened = sealed(library, path, () => attempt(() => new File(path, 'r'))).value;
  // A failed open gives a handle whose use throws.
  const isLink = (name: string) =>
    opened !== null &&
    (library.get_symbolic_link(opened.file_id, name) !== null ||
      Object.keys(library.get_external_link(opened.file_id, name)).length > 0);
  const groups =
    opened &&
    inside(() =>
      attempt(() => opened.keys().filter((name) => !isLink(`/${name}`) && opened.get(name) instanceof Group)),
    );
  if (!opened || !groups) throw new DamagedFileError('the HDF5 library cannot open it');

  const read: Hdf5Reader['read'] = ({ name, shape, type }, first, count) => {
    if (type === null) throw new DamagedFileError(`${name} holds no numbers`);
    const extent = [count, ...shape.slice(1)];
    const bytes = extent.reduce((product, n) => product * n, READERS[type].BYTES_PER_ELEMENT);
    if (bytes === 0) return new READERS[type](0);
    // Not Dataset.slice(): it drops the library's status and gives whatever stood in memory when a read fails.
    const pointer = library['_malloc'](bytes);
    if (pointer === 0) throw new DamagedFileError(`${name}: no memory for ${bytes} bytes`);
    try {
      const { value: status, tried } = sealed(library, null, () =>
        library.get_dataset_data(
          opened.file_id,
          `/${name}`,
          extent.map(BigInt),
          extent.map((_, axis) => BigInt(axis === 0 ? first : 0)),
          extent.map(() => 1n),
          BigInt(pointer),
        ),
      );
      if (tried !== null) throw new ElsewhereError(`${name}: ${ELSEWHERE}`);
      if (status < 0) throw new DamagedFileError(`${name}: its values cannot be read; the file is damaged`);
      return new READERS[type](library.HEAPU8.slice(pointer, pointer + bytes).buffer);
    } finally {
      library['_free'](pointer);
    }
  };
  /** External storage shows in no description that the library hands out, but in what it opens to read a row. */
  const isElsewhere = (head: DatasetHead): boolean => {
    if (head.type === null || head.shape.includes(0) || head.shape.length === 0) return false;
    try {
      read(head, 0, 1);
      return false;
    } catch (error) {
      if (error instanceof DamagedFileError) return error instanceof ElsewhereError;
      throw error;
    }
  };

  return {
    groups: () => groups,
    names: (group) => inside(() => library.get_names(opened.file_id, group, false)),
    head(group, name) {
      const described = inside(() => {
        const dataset = opened.get(`${group}/${name}`);
        // The library follows links, also into files outside the data roots.
        if (isLink(`/${group}/${name}`) || !(dataset instanceof Dataset)) return null;
        const { metadata } = dataset;
        const exotic = metadata.chunks ? dataset.filters.find(({ id }) => id > LAST_BUILT_IN_FILTER) : undefined;
        return { metadata, exotic };
      });
      if (described === null) return null;
      const { metadata, exotic } = described;
      const { shape, type, size, signed, chunks, virtual_sources: sources } = metadata;
      const head: DatasetHead = {
        name: `${group}/${name}`,
        shape: shape ?? [],
        type: numberType(type, size, signed),
        unreadable: exotic
          ? `compressed with ${exotic.name || `filter ${exotic.id}`}; write it with gzip or without compression`
          : sources && sources.length > 0
            ? 'a virtual dataset, its values stand in other files; write the values into this file'
            : null,
      };
      // Chunks lie in the file itself.
      if (head.unreadable === null && !chunks && isElsewhere(head)) return { ...head, unreadable: ELSEWHERE };
      return head;
    },
    read,
    close: () => void opened.close(),
  };
}

/** A file that the description names was not opened. */
class ElsewhereError extends DamagedFileError {}

function numberType(type: number, size: number, signed: boolean): NumberType | null {
  const bits = size * 8;
  if (type === ENUM) return size === 1 ? 'bool' : null;
  if (type === FLOAT) return bits === 32 || bits === 64 ? `float${bits}` : null;
  if (type !== INTEGER || (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64)) return null;
  return signed ? `int${bits}` : `uint${bits}`;
}

function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null;
  }
}
