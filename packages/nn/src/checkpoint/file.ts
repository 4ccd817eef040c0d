import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Checkpoint } from '../contract.js';
import { CheckpointError } from '../errors.js';
import { decode, encode } from './safetensors.js';

const STATE = 'trawl_state';

/** The parts of a checkpoint's file, in order. */
function partsOf({ tensors, state }: Checkpoint): Uint8Array[] {
  const json = JSON.stringify(state ?? null, (key, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new CheckpointError(`state ${key}: ${value} has no JSON form; store it as a string`);
    }
    return value;
  });
  return encode(tensors, { [STATE]: json });
}

/** The bytes that `writeCheckpoint` would write, for an artifact. @throws CheckpointError as it does. */
export const checkpointBytes = (checkpoint: Checkpoint): Uint8Array => Buffer.concat(partsOf(checkpoint));

/**
 * Writes one safetensors file: tensors as F32, the state as JSON text in its metadata. The file is whole and on disk
 * when this resolves, or not there: it is written beside its place, synced, renamed, and its folder synced.
 * @throws CheckpointError when the state holds a number that JSON cannot (it would come back as null).
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const parts = partsOf(checkpoint);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** @throws CheckpointError naming the file and what is wrong with it; a missing file throws as Node does. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path);
  try {
    const { tensors, metadata } = decode(bytes);
    // A file of other origin has weights and no state.
    const json = metadata[STATE];
    return { tensors, state: json === undefined ? null : JSON.parse(json) };
  } catch (error) {
    throw new CheckpointError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
