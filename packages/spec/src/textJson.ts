import { visit } from 'jsonc-parser';
import { MAX_COMPLAINTS } from './textComplaint.js';
import type { Read, TextComplaint } from './textComplaint.js';

export function readJson(text: string): Read {
  try {
    const value: unknown = JSON.parse(text);
    const complaints = repeatedKeys(text);
    return complaints.length > 0 ? { complaints } : { value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { complaints: [{ message: error.message, at: placeOf(error.message, text) }] };
  }
}

/** Engines name a position only for some errors. */
function placeOf(message: string, text: string): number | undefined {
  const position = / at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  let first: number | undefined;
  try {
    visit(text, { onError: (_error, offset) => (first ??= offset) }, { disallowComments: true });
  } catch (error) {
    // It recurses: a text that is too deep for it has no place.
    if (!(error instanceof RangeError)) throw error;
  }
  return first;
}

/** JSON.parse silently keeps the last of two equal keys. `text` is known to be JSON, so its tokens are enough. */
function repeatedKeys(text: string): TextComplaint[] {
  const complaints: TextComplaint[] = [];
  /** Keys of each object that is open; null for a list. */
  const open: (Set<string> | null)[] = [];
  let last: { text: string; at: number } | null = null;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const keys = open.at(-1);
      if (keys === null || keys === undefined || last === null) continue;
      const key = String(JSON.parse(last.text));
      if (keys.has(key) && complaints.length < MAX_COMPLAINTS) {
        complaints.push({ message: `the key ${key} stands twice`, at: last.at });
      }
      keys.add(key);
    } else last = { text: token, at: index };
  }
  return complaints;
}
