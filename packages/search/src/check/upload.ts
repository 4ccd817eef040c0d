import { joinPath, shortGiven, uploadedHash } from '@trawl/spec';
import type { Fault } from '@trawl/spec';
import type { CheckEnv } from './checkSweep.js';
import type { StageDraft } from './draft.js';

/** Uploaded weights that a stage starts from must be there. */
export async function checkUpload({ at, spec: { from } }: StageDraft, { hasWeights }: CheckEnv): Promise<Fault[]> {
  const hash = from?.upload === undefined ? null : uploadedHash(from.upload);
  if (hash === null || (await hasWeights?.(hash)) === true) return [];
  const message = 'no weights of this sha256 were uploaded';
  const allowed = 'the sha256 of uploaded weights (POST /v1/artifacts)';
  return [{ path: joinPath(at, 'from.upload'), message, given: shortGiven(from?.upload), allowed }];
}
