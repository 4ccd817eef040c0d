import { z } from 'zod';

/** A hyperparameter's value: any JSON value (a list is one value of one axis, never an axis by itself). */
export type ParamValue = number | string | boolean | null | ParamValue[] | { [key: string]: ParamValue };
export type Params = Record<string, ParamValue>;

/**
 * One thing wrong with what a user sent.
 * `path` is dotted with list indices, as `stages.1.grid.beta.2`; the empty string is the whole document.
 */
export interface Fault {
  path: string;
  message: string;
  /** What was given, shortened for display; absent when the key is missing. */
  given?: unknown;
  /** What is legal there, in words or as a list. */
  allowed: string;
}

export const FaultSchema = z.object({
  path: z.string(),
  message: z.string(),
  given: z.unknown().optional(),
  allowed: z.string(),
});

/** JSON has no NaN or infinities: they travel as strings (design.md section 7). */
export const WireNumber = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
export type WireNumber = z.infer<typeof WireNumber>;

export function toWire(value: number): WireNumber {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

export function fromWire(value: WireNumber): number {
  return typeof value === 'number' ? value : Number(value);
}
