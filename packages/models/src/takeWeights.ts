import type { Checkpoint, Variables } from '@trawl/nn';
import { CheckpointError, findNonFinite, fromHost } from '@trawl/nn';
import { Diverged, InvalidData } from './contract.js';

/**
 * Sets every variable from the weights of another run, by name; what else the file holds is ignored.
 * @throws InvalidData for weights that do not fit or are not finite.
 */
export function takeWeights(groups: readonly Variables[], { tensors, state }: Checkpoint): void {
  asInvalidData(`weights to start from${originOf(state)}`, () => {
    for (const variables of groups) fromHost(variables, tensors);
    const broken = groups.map((variables) => findNonFinite(tensors, variables.keys())).find((found) => found !== null);
    if (broken) throw new CheckpointError(broken);
  });
}

/**
 * Puts a run where its checkpoint says, by `restore`.
 * @throws InvalidData for the checkpoint of another network; Diverged where `weights` of it are not finite.
 */
export function resumeFrom(checkpoint: Checkpoint, weights: Variables, restore: (from: Checkpoint) => void): void {
  asInvalidData('checkpoint to resume from', () => restore(checkpoint));
  const broken = findNonFinite(checkpoint.tensors, weights.keys());
  if (broken) throw new Diverged(`checkpoint to resume from: ${broken}`);
}

function asInvalidData(what: string, take: () => void): void {
  try {
    take();
  } catch (error) {
    if (error instanceof CheckpointError) throw new InvalidData(`${what}: ${error.message}`);
    throw error;
  }
}

/** Whose weights a file says that it holds. */
function originOf(state: unknown): string {
  if (typeof state !== 'object' || state === null || !('model' in state)) return '';
  const version = 'version' in state ? ` ${String(state.version)}` : '';
  return ` (of model ${String(state.model)}${version})`;
}
