/** What was wrong on the command line, and what would be right. */
export class BadArguments extends Error {
  override name = 'BadArguments';

  constructor(what: string, given: string, allowed: readonly string[]) {
    super(`${what}: was ${given === '' ? 'missing' : `"${given}"`}; allowed: ${allowed.join(', ')}`);
  }
}
