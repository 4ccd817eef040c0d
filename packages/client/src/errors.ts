import type { Fault, Problem } from '@trawl/spec';

/** The service refused or failed. Its message has the detail and one line for each fault. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly problem: Problem;
  /** When the service asks to come back. */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    super(
      [problem.detail === '' ? problem.title : problem.detail, ...(problem.errors ?? []).map(faultLine)].join('\n'),
    );
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer came, or it broke off. */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
}

/** What a failed fetch means. It only says "fetch failed"; why stands in its cause. */
export function unreachable(error: unknown): UnreachableError {
  return new UnreachableError(`the service does not answer: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error.cause instanceof Error)) return error.message;
  // Refused on both IPv4 and IPv6 it is an AggregateError without a message.
  if (error.cause.message !== '') return error.cause.message;
  return 'code' in error.cause ? String(error.cause.code) : error.cause.name;
}

/** As `  stages.1.grid.beta.2: not a number; given "x"; allowed: a number`. */
function faultLine({ path, message, given, allowed }: Fault): string {
  const where = path === '' ? 'the document' : path;
  const what = given === undefined ? '' : `; given ${JSON.stringify(given)}`;
  return `  ${where}: ${message}${what}; allowed: ${allowed}`;
}
