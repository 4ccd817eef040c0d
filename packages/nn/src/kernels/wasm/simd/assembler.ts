/*
 * Enough of an assembler to write WebAssembly with vectors of 128 bits: expressions are the bytes that leave one value
 * on the stack, statements those that leave none. So no compiler is needed to build trawl, and no binary lies in it.
 */

export type Code = readonly number[];

export type ValueType = 'i32' | 'f64' | 'v128';

export interface Local {
  get: Code;
  set: (value: Code) => Code;
}

export interface WasmFunction {
  parameters: readonly ValueType[];
  locals: readonly ValueType[];
  body: Code;
}

const TYPES = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const [low, rest] = [value & 0x7f, value >> 7];
  return (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40) ? [low] : [low | 0x80, ...signed(rest)];
}

/** Names the values of a function: its parameters, in their order, and then its own. */
export interface Names {
  parameter: (type?: ValueType) => Local;
  local: (type: ValueType) => Local;
}

const localAt = (index: number): Local => ({
  get: [0x20, ...unsigned(index)],
  set: (value) => [...value, 0x21, ...unsigned(index)],
});

/** A function without a result; `write` gives its statements. */
export function define(write: (names: Names) => readonly Code[]): WasmFunction {
  const parameters: ValueType[] = [];
  const locals: ValueType[] = [];
  const body = write({
    parameter: (type = 'i32') => localAt(parameters.push(type) - 1),
    local: (type) => localAt(parameters.length + locals.push(type) - 1),
  }).flat();
  return { parameters, locals, body };
}

/* Control. */

/** As often as `count` says, 1 or more; counts it down to 0. */
export const repeat = (count: Local, body: readonly Code[]): Code => [
  0x03,
  0x40,
  ...body.flat(),
  ...count.set(minus(count.get, int(1))),
  ...count.get,
  0x0d,
  0x00,
  0x0b,
];

/** Once, and again while `pointer` is below `end`. */
export const until = (pointer: Local, end: Local, body: readonly Code[]): Code => [
  0x03,
  0x40,
  ...body.flat(),
  ...pointer.get,
  ...end.get,
  0x49,
  0x0d,
  0x00,
  0x0b,
];

export const choose = (condition: Code, yes: readonly Code[], no: readonly Code[]): Code => [
  ...condition,
  0x04,
  0x40,
  ...yes.flat(),
  0x05,
  ...no.flat(),
  0x0b,
];

/* Integers, which are addresses in bytes and counts. */

export const int = (value: number): Code => [0x41, ...signed(value)];
export const plus = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const minus = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
export const times = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
export const quotient = (a: Code, b: Code): Code => [...a, ...b, 0x6e];
export const remainder = (a: Code, b: Code): Code => [...a, ...b, 0x70];
export const loadInt = (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)];
/** `pointer += bytes` */
export const advance = (pointer: Local, bytes: Code): Code => pointer.set(plus(pointer.get, bytes));

/* Vectors: four float32 (f4) or two float64 (d2). */

const vector = (op: number, ...operands: Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(op)];

export const load = (address: Code, offset = 0): Code => [...vector(0, address), 0, ...unsigned(offset)];
/** One float32, four times. */
export const loadSplat = (address: Code, offset = 0): Code => [...vector(9, address), 0, ...unsigned(offset)];
export const store = (address: Code, value: Code, offset = 0): Code => [
  ...vector(11, address, value),
  0,
  ...unsigned(offset),
];
/** One float32, and three zeros. */
export const loadOne = (address: Code): Code => [...vector(0x5c, address), 0, 0];
/** The first of four float32. */
export const storeOne = (address: Code, value: Code): Code => [...vector(0x5a, address, value), 0, 0, 0];
export const zeros: Code = [...vector(12), ...Array.from({ length: 16 }, () => 0)];
/** The values of a and b (0 to 3, 4 to 7) at four places. */
export const shuffle = (a: Code, b: Code, places: readonly number[]): Code => [
  ...vector(13, a, b),
  ...places.flatMap((place) => [0, 1, 2, 3].map((byte) => 4 * place + byte)),
];
export const f4add = (a: Code, b: Code): Code => vector(0xe4, a, b);
export const f4sub = (a: Code, b: Code): Code => vector(0xe5, a, b);
export const f4mul = (a: Code, b: Code): Code => vector(0xe6, a, b);
export const f4max = (a: Code, b: Code): Code => vector(0xe9, a, b);
/** All bits where a > b, none elsewhere: to be joined with `both`. */
export const f4above = (a: Code, b: Code): Code => vector(0x44, a, b);
export const both = (a: Code, b: Code): Code => vector(0x4e, a, b);
export const d2splat = (a: Code): Code => vector(0x14, a);
export const d2add = (a: Code, b: Code): Code => vector(0xf0, a, b);
export const d2sub = (a: Code, b: Code): Code => vector(0xf1, a, b);
export const d2mul = (a: Code, b: Code): Code => vector(0xf2, a, b);
export const d2div = (a: Code, b: Code): Code => vector(0xf3, a, b);
export const d2max = (a: Code, b: Code): Code => vector(0xf5, a, b);
export const d2sqrt = (a: Code): Code => vector(0xef, a);
/** The first two of four float32. */
export const d2ofLow = (a: Code): Code => vector(0x5f, a);
/** Two float32, and two zeros. */
export const f4ofD2 = (a: Code): Code => vector(0x5e, a);

/* The module. */

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

const list = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const bytes = (content: readonly number[]): number[] => [...unsigned(content.length), ...content];
const text = (value: string): number[] => bytes([...Buffer.from(value)]);
const section = (id: number, items: readonly Code[]): number[] => [id, ...bytes(list(items))];
const typeCodes = (types: readonly ValueType[]): Code[] => types.map((type) => [TYPES[type]]);

/** A module that exports the functions and imports the memory `env.memory`. */
export function assemble(functions: Readonly<Record<string, WasmFunction>>): Uint8Array<ArrayBuffer> {
  const all = Object.values(functions);
  const bodies = all.map(({ locals, body }) =>
    bytes([...list(typeCodes(locals).map((type) => [1, ...type])), ...body, 0x0b]),
  );
  return Uint8Array.from([
    ...HEADER,
    ...section(
      1,
      all.map(({ parameters }) => [0x60, ...list(typeCodes(parameters)), 0]),
    ),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, 1]]),
    ...section(
      3,
      all.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      Object.keys(functions).map((name, index) => [...text(name), 0, ...unsigned(index)]),
    ),
    ...section(10, bodies),
  ]);
}
