import { Composer, isScalar, Parser, visit } from 'yaml';
import type { CST, Document } from 'yaml';
import { MAX_COMPLAINTS, MAX_DEPTH } from './textComplaint.js';
import type { Read, TextComplaint } from './textComplaint.js';

/** How often aliases may repeat what they stand for (`yaml` counts nested ones by their product). */
const MAX_ALIASES = 100;

/**
 * Marks that may begin, part or end something. Reading takes some 10 us for each, on the thread that serves everybody:
 * half a second in all. 1,000 cells of 20 parameters have 45,000.
 */
const MAX_MARKS = 50_000;
const MARKS = new Set(Array.from(',:[]{}&*!?#%|>"\'\n\r', (mark) => mark.charCodeAt(0)));
const DASH = '-'.charCodeAt(0);
const SPACE = ' '.charCodeAt(0);

function hasTooManyMarks(text: string): boolean {
  let marks = 0;
  for (let at = 0; at < text.length && marks <= MAX_MARKS; at += 1) {
    const code = text.charCodeAt(at);
    // A dash before anything else is a part of a word or number.
    if (MARKS.has(code) || (code === DASH && text.charCodeAt(at + 1) === SPACE)) marks += 1;
  }
  return marks > MAX_MARKS;
}

export function readYaml(text: string): Read {
  if (hasTooManyMarks(text)) {
    const message = `more than ${MAX_MARKS} commas, colons, brackets, quotes and lines: too much to read as YAML; send the same as JSON`;
    return { complaints: [{ message }] };
  }
  const tokens = [...new Parser().parse(text)];
  // The parser keeps its own stack, what comes after it recurses: 500 kB of `[` would end the process.
  if (depthOf(tokens) > MAX_DEPTH) return { complaints: [{ message: `nested more than ${MAX_DEPTH} deep` }] };
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    stringKeys: true,
    // Its own search compares every pair of keys: a minute for 60,000.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document] = documents;
  if (document === undefined) return { value: null };
  const complaints = complaintsOf(document, documents.length);
  if (complaints.length > 0) return { complaints };
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const alias = /Unresolved alias.*: (.+)$/.exec(error.message)?.[1];
    if (alias === undefined) return { complaints: [{ message: `aliases repeat too much (${error.message})` }] };
    const at = text.indexOf(`*${alias}`);
    return { complaints: [{ message: `the alias *${alias} has no anchor before it`, at }] };
  }
}

function depthOf(tokens: readonly CST.Token[]): number {
  let deepest = 0;
  const open: [CST.Token, number][] = tokens.map((token) => [token, 0]);
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const [token, depth] = entry;
    deepest = Math.max(deepest, depth);
    if (token.type === 'document' && token.value !== undefined) open.push([token.value, depth]);
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) {
      if (key) open.push([key, depth + 1]);
      if (value) open.push([value, depth + 1]);
    }
  }
  return deepest;
}

function complaintsOf(document: Document, documents: number): TextComplaint[] {
  // A tag outside the core schema is only a warning to `yaml`, but its value would not be what was meant.
  const complaints: TextComplaint[] = [...document.errors, ...document.warnings]
    .slice(0, MAX_COMPLAINTS)
    .map(({ message, pos }) => ({ message, at: pos[0] }));
  if (documents > 1) complaints.push({ message: `${documents} documents in one text` });
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value) && complaints.length < MAX_COMPLAINTS) {
          complaints.push({ message: `the key ${String(key.value)} stands twice`, at: key.range?.[0] });
        }
        seen.add(key.value);
      }
    },
  });
  return complaints;
}
