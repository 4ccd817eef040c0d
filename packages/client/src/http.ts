import { Problem } from '@trawl/spec';
import type { z } from 'zod';
import { ApiError, UnreachableError } from './errors.js';

export interface ClientOptions {
  /** As `http://127.0.0.1:7070`. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** Further tries of a call that may be repeated; 0 gives up at once. */
  retries?: number | undefined;
}

export interface Call {
  method?: 'GET' | 'POST' | 'DELETE';
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, with its media type. */
  text?: { body: string; mediaType: string };
  headers?: Record<string, string>;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** Gateways and restarting servers: the same call may go through later. */
const PASSING = new Set([429, 502, 503, 504]);

export interface Http {
  /** The answer's body, checked against its schema. */
  call<T extends z.ZodType>(schema: T, path: string, call?: Call): Promise<z.output<T>>;
  /** The answer as it is; a refusal throws. */
  raw(path: string, call?: Call): Promise<Response>;
}

export function createHttp({ baseUrl, apiKey, retries = 3 }: ClientOptions): Http {
  const root = baseUrl.replace(/\/+$/, '');

  async function once(path: string, { method = 'GET', query, json, text, headers = {} }: Call): Promise<Response> {
    const url = new URL(root + path);
    for (const [key, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(key, String(value));
    const sent = new Headers(headers);
    if (apiKey !== undefined) sent.set('authorization', `Bearer ${apiKey}`);
    if (json !== undefined) sent.set('content-type', 'application/json');
    if (text !== undefined) sent.set('content-type', text.mediaType);
    const body = json === undefined ? text?.body : JSON.stringify(json);
    return fetch(url, { method, headers: sent, ...(body === undefined ? {} : { body }) });
  }

  async function raw(path: string, call: Call = {}): Promise<Response> {
    const repeatable = (call.method ?? 'GET') !== 'POST' || call.headers?.['idempotency-key'] !== undefined;
    for (let tried = 0, wait = FIRST_WAIT_MS; ; tried++, wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      const last = !repeatable || tried >= retries;
      try {
        const response = await once(path, call);
        if (response.ok) return response;
        if (last || !PASSING.has(response.status)) throw new ApiError(await problemOf(response));
        await response.body?.cancel();
      } catch (error) {
        if (error instanceof ApiError) throw error;
        if (last) throw new UnreachableError(`no answer from ${root}: ${reason(error)}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  return {
    raw,
    async call(schema, path, call) {
      const response = await raw(path, call);
      const parsed = schema.safeParse(await response.json());
      if (parsed.success) return parsed.data;
      throw new UnreachableError(`${path} answered what this client does not understand: ${parsed.error.message}`);
    },
  };
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    return Problem.parse(JSON.parse(text));
  } catch {
    return { type: 'about:blank', title: response.statusText, status: response.status, detail: text.slice(0, 500) };
  }
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
