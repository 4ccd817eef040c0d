import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { adamStep } from './adam.js';
import { assemble } from './assembler.js';
import { packColumns, packRows } from './copies.js';
import { mixPixels } from './mix.js';
import { combinePixels, passedSums, pixelMoments, scaleAndShift } from './normalise.js';
import { outerRows, outerTiles, tileProducts } from './products.js';
import { addRows } from './sums.js';

const FUNCTIONS = {
  tileProducts,
  outerTiles,
  outerRows,
  packColumns,
  packRows,
  addRows,
  adamStep,
  mixPixels,
  pixelMoments,
  scaleAndShift,
  passedSums,
  combinePixels,
};

/** Our own WebAssembly on the memory of a backend. Addresses and strides are in bytes. */
export type SimdKernels = Record<keyof typeof FUNCTIONS, (...values: number[]) => void>;

// As much of it as is used here: Node has it, TypeScript only with the types of a browser.
declare const WebAssembly: {
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object, imports: { env: { memory: unknown } }) => { exports: SimdKernels };
};

const instances = new WeakMap<BackendWasm, SimdKernels>();
let compiled: object | null = null;

export function simdKernels(backend: BackendWasm): SimdKernels {
  const known = instances.get(backend);
  if (known) return known;
  compiled ??= new WebAssembly.Module(assemble(FUNCTIONS));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory: memoryOf(backend) } });
  instances.set(backend, exports);
  return exports;
}

/** Not among the types of the package. Its buffer is another one after it has grown. */
export function memoryOf({ wasm }: BackendWasm): { buffer: ArrayBuffer } {
  const memory = 'asm' in wasm && isRecord(wasm.asm) ? wasm.asm['memory'] : null;
  if (!isMemory(memory)) throw new Error('wasm: the backend does not show its memory');
  return memory;
}

const isMemory = (value: unknown): value is { buffer: ArrayBuffer } =>
  isRecord(value) && value['buffer'] instanceof ArrayBuffer;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
