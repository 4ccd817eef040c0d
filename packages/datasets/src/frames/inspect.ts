import type { DatasetFacts, Fault } from '@trawl/spec';
import { DatasetError } from '../errors.js';
import { resolveFolder, resolveInRoots } from '../roots.js';
import { framesFacts } from './facts.js';
import type { Place } from './footage.js';
import type { FramesSpec } from './layouts.js';

/** Where the frames lie. `at` is the path of the spec's faults. */
export async function framesPlace(
  { path, layout }: FramesSpec,
  roots: readonly string[],
  at: string,
): Promise<Place | { faults: Fault[] }> {
  if (layout === 'traffic') {
    const found = await resolveInRoots(path, roots, at);
    return 'faults' in found ? found : { real: found.file, at, isInside: () => false };
  }
  const found = await resolveFolder(path, roots, at);
  return 'faults' in found ? found : { real: found.folder, at, isInside: found.isInside };
}

/** Reads every file that the spec takes, but decodes none: what is broken is found before anything trains. */
export async function inspectFrames(
  spec: FramesSpec,
  roots: readonly string[],
  at: string,
): Promise<{ facts: DatasetFacts } | { faults: Fault[] }> {
  const place = await framesPlace(spec, roots, at);
  if ('faults' in place) return place;
  try {
    return { facts: await framesFacts(spec, place) };
  } catch (error) {
    if (error instanceof DatasetError) return { faults: error.faults };
    throw error;
  }
}
