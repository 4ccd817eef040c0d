import type { StoredArtifact } from '@trawl/store';
import { expect, it } from 'vitest';
import { DamagedCheckpoint, fromNewestWhole } from './resume.js';

const at = (step: number): StoredArtifact => ({ id: `${step}`, name: '', sha256: '', size: 1, epoch: 1, step });

const before = (step: number): StoredArtifact | null => (step > 0 ? at(step) : null);

/** Tries with checkpoints of steps 1 to `kept`, of which those in `damaged` cannot be used. */
async function play(kept: number, damaged: number[]): Promise<string[]> {
  const happened: string[] = [];
  const result = await fromNewestWhole(before(kept), {
    async attempt(checkpoint) {
      happened.push(`try ${checkpoint?.step ?? 'scratch'}`);
      if (checkpoint !== null && damaged.includes(checkpoint.step ?? 0)) throw new DamagedCheckpoint('cut');
      return checkpoint?.step ?? null;
    },
    async giveUp({ step }, why) {
      happened.push(`drop ${step}: ${why}`);
      return before((step ?? 0) - 1);
    },
  });
  return [...happened, `from ${result}`];
}

it.each([
  [2, [], ['try 2', 'from 2']],
  [2, [2], ['try 2', 'drop 2: cut', 'try 1', 'from 1']],
  [2, [1, 2], ['try 2', 'drop 2: cut', 'try 1', 'drop 1: cut', 'try scratch', 'from null']],
  [0, [], ['try scratch', 'from null']],
])('of %i checkpoints, %j damaged', async (kept, damaged, wanted) => {
  expect(await play(kept, damaged)).toEqual(wanted);
});

const failing = (error: Error) => ({
  attempt: () => Promise.reject(error),
  giveUp: () => Promise.reject(new Error('given up')),
});

it('leaves other errors, and damage where nothing was resumed from, to the caller', async () => {
  await expect(fromNewestWhole(at(1), failing(new Error('no disk')))).rejects.toThrow('no disk');
  await expect(fromNewestWhole(null, failing(new DamagedCheckpoint('cut')))).rejects.toThrow('cut');
});
