import type { StoredArtifact } from '@trawl/store';

/** The checkpoint that a try began with is of no use: its file is lost, not what was recorded, or cannot be read. */
export class DamagedCheckpoint extends Error {
  override name = 'DamagedCheckpoint';
}

/**
 * Tries from the newest checkpoint, where that is damaged from the one before, and so on; in the end from scratch.
 * @param steps.giveUp takes a damaged checkpoint away; returns the one before
 */
export async function fromNewestWhole<T>(
  newest: StoredArtifact | null,
  steps: {
    attempt(checkpoint: StoredArtifact | null): Promise<T>;
    giveUp(damaged: StoredArtifact, why: string): Promise<StoredArtifact | null>;
  },
): Promise<T> {
  for (let checkpoint = newest; ;) {
    try {
      return await steps.attempt(checkpoint);
    } catch (error) {
      if (!(error instanceof DamagedCheckpoint) || checkpoint === null) throw error;
      checkpoint = await steps.giveUp(checkpoint, error.message);
    }
  }
}
