/** An option that the data do not allow, as a base frame that is not there. */
export class FigureFault extends Error {
  override name = 'FigureFault';
  readonly option: string;
  readonly given: unknown;
  readonly allowed: string;

  constructor(option: string, given: unknown, allowed: string) {
    super(`${option}: not in the data; allowed: ${allowed}`);
    this.option = option;
    this.given = given;
    this.allowed = allowed;
  }
}
