import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Tinypool } from 'tinypool';

/** Cheap: V8 compiles a function when it is first called, and better while it runs. */
export async function compileResvg(): Promise<WebAssembly.Module> {
  const file = createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm');
  return WebAssembly.compile(await readFile(file));
}

/** What the renderer gave to this thread; null elsewhere. */
export function sharedModule(): WebAssembly.Module | null {
  const given: unknown = Tinypool.workerData;
  return given instanceof WebAssembly.Module ? given : null;
}
