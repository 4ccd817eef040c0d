import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** As the api makes them. Anything else is no key: it must not even reach a header, whose error would show it. */
const KEY = /^trawl_[0-9a-f]{32}_[\w-]{43}$/;
const NOT_A_KEY = 'not an API key: trawl_, 32 hex digits, _, 43 characters';

/** The two variables that hold a client's key. */
export const apiKeyShape = {
  /** Sent to the api with every call. */
  TRAWL_API_KEY: z.string().trim().regex(KEY, NOT_A_KEY).optional(),
  /** A file that holds it, as a mounted secret; TRAWL_API_KEY goes first. */
  TRAWL_API_KEY_FILE: z.string().optional(),
};

/** @throws Error naming the variable where its file cannot be read or holds no key */
export function readApiKey(given: {
  TRAWL_API_KEY?: string | undefined;
  TRAWL_API_KEY_FILE?: string | undefined;
}): string | undefined {
  const file = given.TRAWL_API_KEY_FILE;
  if (given.TRAWL_API_KEY !== undefined || file === undefined) return given.TRAWL_API_KEY;
  const key = contentOf(file).trim();
  if (!KEY.test(key)) throw new Error(`TRAWL_API_KEY_FILE: what ${file} holds is ${NOT_A_KEY}`);
  return key;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`TRAWL_API_KEY_FILE: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
