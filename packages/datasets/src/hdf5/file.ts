import { Dataset, File, Group, ready } from 'h5wasm/node';

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

/** Opens a file that `superblockProblem` found sound. Throws DamagedFileError. */
export async function openHdf5(path: string): Promise<Hdf5Reader> {
  const library = await ready;
  const opened = attempt(() => new File(path, 'r'));
  // A failed open gives a handle whose use throws.
  const isLink = (name: string) =>
    opened !== null &&
    (library.get_symbolic_link(opened.file_id, name) !== null ||
      Object.keys(library.get_external_link(opened.file_id, name)).length > 0);
  const groups =
    opened && attempt(() => opened.keys().filter((name) => !isLink(`/${name}`) && opened.get(name) instanceof Group));
  if (!opened || !groups) throw new DamagedFileError('the HDF5 library cannot open it');
  return {
    groups: () => groups,
    names: (group) => library.get_names(opened.file_id, group, false),
    head(group, name) {
      const dataset = opened.get(`${group}/${name}`);
      // The library follows links, also into files outside the data roots.
      if (isLink(`/${group}/${name}`) || !(dataset instanceof Dataset)) return null;
      const { shape, type, size, signed, chunks, virtual_sources: sources } = dataset.metadata;
      const exotic = chunks ? dataset.filters.find((filter) => filter.id > LAST_BUILT_IN_FILTER) : undefined;
      return {
        name: `${group}/${name}`,
        shape: shape ?? [],
        type: numberType(type, size, signed),
        unreadable: exotic
          ? `compressed with ${exotic.name || `filter ${exotic.id}`}; write it with gzip or without compression`
          : sources && sources.length > 0
            ? 'a virtual dataset, its values stand in other files; write the values into this file'
            : null,
      };
    },
    read({ name, shape, type }, first, count) {
      if (type === null) throw new DamagedFileError(`${name} holds no numbers`);
      const extent = [count, ...shape.slice(1)];
      const bytes = extent.reduce((product, n) => product * n, READERS[type].BYTES_PER_ELEMENT);
      if (bytes === 0) return new READERS[type](0);
      // Not Dataset.slice(): it drops the library's status and gives whatever stood in memory when a read fails.
      const pointer = library['_malloc'](bytes);
      if (pointer === 0) throw new DamagedFileError(`${name}: no memory for ${bytes} bytes`);
      try {
        const status = library.get_dataset_data(
          opened.file_id,
          `/${name}`,
          extent.map(BigInt),
          extent.map((_, axis) => BigInt(axis === 0 ? first : 0)),
          extent.map(() => 1n),
          BigInt(pointer),
        );
        if (status < 0) throw new DamagedFileError(`${name}: its values cannot be read; the file is damaged`);
        return new READERS[type](library.HEAPU8.slice(pointer, pointer + bytes).buffer);
      } finally {
        library['_free'](pointer);
      }
    },
    close: () => void opened.close(),
  };
}

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
