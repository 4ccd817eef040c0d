import { Problem } from '@trawl/spec';
import { z } from 'zod';
import { ApiError, unreachable, UnreachableError } from './errors.js';
import { defaultRetry, isTransient, pause, waitBefore, type RetryPolicy } from './retry.js';

export interface ClientOptions {
  /** As `http://127.0.0.1:7070`; empty in a browser for the page's own origin. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** Of one attempt, until the answer begins. Default 60 s. */
  timeoutMs?: number | undefined;
  retry?: Partial<RetryPolicy> | undefined;
  /** Ends all calls that are under way, and all later ones; they throw its reason. */
  signal?: AbortSignal | undefined;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Each is one part of the path, escaped here. */
  path: readonly string[];
  query?: Query;
  headers?: Record<string, string>;
  /** A function is asked anew for each attempt: a stream can be read once. */
  body?: string | Blob | (() => ReadableStream<Uint8Array>);
  /** No limit on the time until the answer begins: the body is large. */
  patient?: boolean;
  signal?: AbortSignal | undefined;
  /** Of a POST: sent twice it does what sending it once does. */
  repeatable?: boolean;
}

export interface Http {
  readonly retry: RetryPolicy;
  url(path: readonly string[], query?: Query): string;
  /**
   * What `read` makes of a good answer, which may break off while it is read: then both are repeated. A
   * function is asked anew for each attempt.
   * @throws ApiError, UnreachableError
   */
  send<T>(call: Call | (() => Promise<Call>), read: (answer: Response) => Promise<T>): Promise<T>;
  /** A good answer as it begins, never repeated. @throws ApiError, UnreachableError */
  open(call: Call): Promise<Response>;
  /** The answer's body. @throws also when it is not what the schema says. */
  json<T extends z.ZodType>(schema: T, call: Call): Promise<z.output<T>>;
}

export function createHttp(options: ClientOptions): Http {
  const { baseUrl, apiKey, timeoutMs = 60_000 } = options;
  const retry = { ...defaultRetry, ...options.retry };
  const base = baseUrl.replace(/\/+$/, '');
  const auth: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

  const url = (path: readonly string[], query: Query = {}): string => {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [[name, String(value)] as const],
    );
    const search = new URLSearchParams(Object.fromEntries(given)).toString();
    return `${base}/${path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
  };

  const once = async (call: Call): Promise<Response> => {
    const { method, path, query, headers, body } = call;
    const signals = [options.signal, call.signal].flatMap((signal) => signal ?? []);
    const tooLate = new AbortController();
    const timer = call.patient
      ? undefined
      : setTimeout(() => tooLate.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      return await fetch(url(path, query), {
        method,
        headers: { accept: 'application/json, application/problem+json', ...auth, ...headers },
        ...(typeof body === 'function' ? { body: body(), duplex: 'half' as const } : body !== undefined && { body }),
        signal: AbortSignal.any([tooLate.signal, ...signals]),
      });
    } catch (error) {
      if (signals.some(({ aborted }) => aborted)) throw error;
      throw unreachable(error);
    } finally {
      clearTimeout(timer);
    }
  };

  const open = async (call: Call): Promise<Response> => {
    const answer = await once(call);
    if (!answer.ok) throw await apiError(answer);
    return answer;
  };

  const send: Http['send'] = async (given, read) => {
    for (let attempt = 1; ; attempt++) {
      const call = typeof given === 'function' ? await given() : given;
      try {
        return await read(await open(call));
      } catch (error) {
        if (attempt >= retry.attempts || !(isRepeatable(call) || isUnread(error)) || !isPassing(error)) throw error;
        const asked = error instanceof ApiError ? error.retryAfterMs : null;
        await pause(waitBefore(attempt, retry, asked), call.signal ?? options.signal);
      }
    }
  };

  return {
    retry,
    url,
    send,
    open,
    json: (schema, call) =>
      send(call, async (answer) => {
        const parsed = schema.safeParse(parseJson(await textOf(answer)));
        if (parsed.success) return parsed.data;
        const what = `${call.method} /${call.path.join('/')}`;
        throw new Error(
          `${what} was answered in another form than this client knows:\n${z.prettifyError(parsed.error)}`,
        );
      }),
  };
}

/** Turned away at the door: nothing was done. */
const isUnread = (error: unknown): boolean => error instanceof ApiError && error.status === 429;

/** Doing it twice does what doing it once does. */
const isRepeatable = ({ method, headers, repeatable }: Call): boolean =>
  method !== 'POST' || repeatable === true || headers?.['idempotency-key'] !== undefined;

export const isPassing = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ApiError && isTransient(error.status));

async function apiError(answer: Response): Promise<ApiError> {
  const text = await textOf(answer);
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : null;
  const parsed = Problem.safeParse(parseJson(text));
  if (parsed.success) return new ApiError(parsed.data, retryAfterMs);
  // Not from the service itself: a proxy before it, or something else on its port.
  const title = answer.statusText === '' ? `status ${answer.status}` : answer.statusText;
  const problem = { type: 'about:blank', title, status: answer.status, detail: text.slice(0, 500) };
  return new ApiError(problem, retryAfterMs);
}

async function textOf(answer: Response): Promise<string> {
  try {
    return await answer.text();
  } catch (error) {
    throw unreachable(error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
