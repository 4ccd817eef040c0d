import { resolve } from 'node:path';
import type { ready } from 'h5wasm/node';

type Library = Awaited<typeof ready>;

/** What Emscripten's system calls take for an error number, as its own `FS.ErrnoError`. */
class Denied extends Error {
  override name = 'ErrnoError';
  /** EACCES, as WASI counts. */
  readonly errno = 2;
}

/**
 * Runs a call of the HDF5 library that may open no file but `only` (null: none at all), and says which other it tried
 * to open. A file can send the library to any other that this process may read: by external storage, external links,
 * virtual datasets or filter plugins. Emscripten's `openat` opens through `FS.open`, whatever asks for it.
 */
export function sealed<T>({ FS }: Library, only: string | null, call: () => T): { value: T; tried: string | null } {
  // oxlint-disable-next-line typescript/unbound-method -- a function of the module, which does not use `this`
  const { open } = FS;
  let tried: string | null = null;
  const guarded: typeof open = (path, ...rest) => {
    if (only !== null && resolve(path) === resolve(only)) return open(path, ...rest);
    tried = path;
    throw new Denied();
  };
  FS.open = guarded;
  try {
    return { value: call(), tried };
  } finally {
    FS.open = open;
  }
}
