import type { Fault, Problem } from '@trawl/spec';

/** Everything that can go wrong for a caller: the one table that maps codes to HTTP. */
export const PROBLEMS = {
  'invalid-body': { status: 400, title: 'The body is not valid' },
  'invalid-parameter': { status: 400, title: 'A parameter of the request is not valid' },
  'malformed-body': { status: 400, title: 'The body cannot be read' },
  'malformed-request': { status: 400, title: 'The request is not HTTP' },
  'digest-mismatch': { status: 400, title: 'The body is not what its digest says' },
  unauthorized: { status: 401, title: 'A key is needed' },
  forbidden: { status: 403, title: 'The key may not do this' },
  'not-found': { status: 404, title: 'Not found' },
  'file-lost': { status: 410, title: 'The stored file is lost or damaged' },
  conflict: { status: 409, title: 'Not possible in the present state' },
  'stale-fence': { status: 409, title: 'The run has moved on' },
  'key-reused': { status: 409, title: 'The Idempotency-Key belongs to another sweep' },
  'too-large': { status: 413, title: 'The body is too large' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'range-not-satisfiable': { status: 416, title: 'The range lies outside the file' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something failed in the service' },
  unavailable: { status: 503, title: 'The service is not ready' },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

/** An answer other than success, thrown from anywhere below a handler. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly code: ProblemCode;
  readonly faults: Fault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, faults?: Fault[], headers: Record<string, string> = {}) {
    super(detail);
    this.code = code;
    this.faults = faults;
    this.headers = headers;
  }
}

/** The RFC 9457 body of a problem. */
export function problemBody(code: ProblemCode, detail: string, faults?: Fault[]): Problem {
  const { status, title } = PROBLEMS[code];
  return { type: `urn:trawl:problem:${code}`, title, status, detail, ...(faults ? { errors: faults } : {}) };
}

/** One illegal value of a query, path or header parameter. */
export function parameterProblem(path: string, message: string, given: unknown, allowed: string): ProblemError {
  return new ProblemError('invalid-parameter', `${path}: ${message}; allowed: ${allowed}`, [
    { path, message, given, allowed },
  ]);
}

export function notFound(what: string, id: string): ProblemError {
  return new ProblemError('not-found', `There is no ${what} ${id}.`);
}

/** A present value, or the 404 that says what is missing. */
export function found<T>(value: T | null | undefined, what: string, id: string): T {
  if (value === null || value === undefined) throw notFound(what, id);
  return value;
}
