import { UsageError } from '../context.js';

/**
 * A JSON file as BehaveNet reads its own (commentjson): with comments from `#` or `//` to the end of a line, and commas
 * after the last entry. @throws UsageError with the file's name and the line
 */
export function parseCommentJson(text: string, name: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(withoutTrailingCommas(withoutComments(text)));
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new UsageError(`${name}: holds ${JSON.stringify(parsed).slice(0, 60)}; a BehaveNet file holds an object`);
  return { ...parsed };
}

/** A text in quotes, which may hold anything, or a comment. */
const TEXT_OR_COMMENT = /("(?:[^"\\\n]|\\.)*")|(?:#|\/\/)[^\n]*/g;

/** Comments become spaces, so that places in the text stay what they were. */
const withoutComments = (text: string): string =>
  text.replace(TEXT_OR_COMMENT, (match, quoted: string | undefined) => quoted ?? ' '.repeat(match.length));

const withoutTrailingCommas = (text: string): string =>
  text.replace(/("(?:[^"\\\n]|\\.)*")|,(?=\s*[\]}])/g, (_match, quoted: string | undefined) => quoted ?? ' ');
