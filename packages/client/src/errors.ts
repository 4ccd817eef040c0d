import type { Problem } from '@trawl/spec';

/** The service refused a call. `message` is for a person: it lists every fault of the body. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(describe(problem));
    this.status = problem.status;
    this.problem = problem;
  }
}

/** The service could not be reached, or its answer was no answer of trawl's. */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
}

function describe(problem: Problem): string {
  const faults = problem.errors ?? [];
  if (faults.length === 0) return problem.detail;
  const lines = faults.map(({ path, message, given, allowed }) => {
    const was = given === undefined ? '' : ` (given ${JSON.stringify(given)})`;
    return `  ${path === '' ? 'spec' : path}: ${message}${was}; allowed: ${allowed}`;
  });
  return [problem.detail, ...lines].join('\n');
}
