import type { Fault } from './values.js';

export type ParsedText = { ok: true; value: unknown } | { ok: false; faults: Fault[] };

/** Reads a sweep spec's text. Faults of syntax name line and column. */
export function parseSweepText(text: string, mediaType: 'json' | 'yaml'): ParsedText {
  throw new Error(`not built: ${text.length} ${mediaType}`);
}
