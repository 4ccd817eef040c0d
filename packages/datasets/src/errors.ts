import type { Fault } from '@trawl/spec';

/**
 * The data cannot be used: a file that is not what it should be or has changed, or a split that leaves nothing.
 * A run that meets it fails as `invalid_data`; trying again would not help.
 */
export class DatasetError extends Error {
  override name = 'DatasetError';
  readonly failure = 'invalid_data' as const;
  readonly faults: Fault[];

  constructor(faults: Fault[]) {
    super(faults.map((fault) => sentence(fault)).join('; '));
    this.faults = faults;
  }
}

function sentence({ path, message, given, allowed }: Fault): string {
  const found = given === undefined ? '' : `, given ${JSON.stringify(given)}`;
  return `${path}: ${message}${found}; allowed: ${allowed}`;
}
