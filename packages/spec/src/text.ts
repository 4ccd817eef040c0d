import { isPlainObject } from './canonical.js';
import { shortGiven } from './given.js';
import { MAX_DEPTH } from './textComplaint.js';
import type { Read, TextComplaint } from './textComplaint.js';
import { readJson } from './textJson.js';
import { readYaml } from './textYaml.js';
import type { Fault } from './values.js';

export type ParsedText = { ok: true; value: unknown } | { ok: false; faults: Fault[] };

/** Characters. Reading a megabyte of YAML takes seconds, of JSON milliseconds. */
const LIMITS = { json: 10_000_000, yaml: 1_000_000 } as const;
const LEGAL = {
  json: 'JSON (RFC 8259) without repeated keys',
  yaml: 'one YAML 1.2 document without repeated keys',
} as const;

/** Reads a sweep spec's text. Faults have the path '' and name line and column where they can. */
export function parseSweepText(text: string, mediaType: 'json' | 'yaml'): ParsedText {
  const limit = LIMITS[mediaType];
  const read: Read =
    text.length > limit
      ? { complaints: [{ message: `the text has ${text.length} characters, more than ${limit}` }] }
      : mediaType === 'json'
        ? readJson(text)
        : readYaml(text);
  const complaints = 'value' in read ? objections(read.value) : read.complaints;
  if ('value' in read && complaints.length === 0) return { ok: true, value: read.value };
  return { ok: false, faults: complaints.map((complaint) => toFault(complaint, text, LEGAL[mediaType])) };
}

/** What no reader after this could take: depth, cycles (by YAML anchors), and the key that names a prototype. */
function objections(root: unknown): TextComplaint[] {
  const above = new Set<object>();
  const objection = (value: unknown): string | null => {
    if (typeof value !== 'object' || value === null) return null;
    if (above.has(value)) return 'an alias stands inside what it stands for';
    if (above.size >= MAX_DEPTH) return `nested more than ${MAX_DEPTH} deep`;
    if (isPlainObject(value) && Object.hasOwn(value, '__proto__')) return 'the key __proto__ is not legal';
    above.add(value);
    for (const inner of Object.values(value)) {
      const found = objection(inner);
      if (found !== null) return found;
    }
    above.delete(value);
    return null;
  };
  const message = objection(root);
  return message === null ? [] : [{ message }];
}

function toFault({ message, at }: TextComplaint, text: string, allowed: string): Fault {
  if (at === undefined || at < 0) return { path: '', message, allowed };
  const before = text.slice(0, at).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  const line = text.slice(at - column + 1).split('\n', 1)[0] ?? '';
  return {
    path: '',
    message: `line ${before.length}, column ${column}: ${message}`,
    given: shortGiven(line.trim()),
    allowed,
  };
}
