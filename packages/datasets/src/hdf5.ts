import { setImmediate } from 'node:timers/promises';
import type { DatasetFacts, Fault } from '@trawl/spec';
import type { Trial } from './contract.js';
import { DatasetError } from './errors.js';
import { Complaints } from './hdf5/complaints.js';
import { DamagedFileError, openHdf5 } from './hdf5/file.js';
import type { Hdf5Reader } from './hdf5/file.js';
import { readLayout } from './hdf5/layout.js';
import type { Layout, TrialHeads } from './hdf5/layout.js';
import { superblockProblem } from './hdf5/superblock.js';
import { IllegalValueError, readFrameMasks, readFrames, readLabels } from './hdf5/values.js';
import type { TrialLabels } from './hdf5/values.js';

/** The api inspects in its own event loop: no request waits longer than this for it. */
const BREATH_MILLISECONDS = 20;

export type Hdf5Facts = Omit<DatasetFacts, 'kind' | 'hash' | 'size'>;

interface Inspected {
  layout: Layout;
  facts: Hdf5Facts;
}

/**
 * What can be said of a file in BehaveNet's layout, or everything that is wrong with it. Reads descriptions, labels
 * and label masks, the first trial's frame masks and no frames. `at` is the faults' path.
 */
export async function inspectHdf5(file: string, at: string): Promise<{ facts: Hdf5Facts } | { faults: Fault[] }> {
  return withFile(file, at, async (reader, complaints) => {
    const inspected = await inspectOpen(reader, complaints);
    return inspected ? { facts: inspected.facts } : { faults: complaints.faults() };
  });
}

/** Every trial of the file. Throws DatasetError with all faults. */
export async function loadHdf5(file: string, at: string): Promise<{ facts: Hdf5Facts; trials: Trial[] }> {
  const loaded = await withFile(file, at, async (reader, complaints) => {
    const inspected = await inspectOpen(reader, complaints);
    if (!inspected) return { faults: complaints.faults() };
    const { layout, facts } = inspected;
    return { facts, trials: layout.trials.map((heads) => loadTrial(reader, heads, facts.labelMasks)) };
  });
  if ('faults' in loaded) throw new DatasetError(loaded.faults);
  return loaded;
}

async function withFile<T>(
  file: string,
  at: string,
  use: (reader: Hdf5Reader, complaints: Complaints) => Promise<T>,
): Promise<T | { faults: Fault[] }> {
  const complaints = new Complaints(at);
  const allowed = "an HDF5 file in BehaveNet's layout";
  const problem = await superblockProblem(file);
  if (problem) {
    complaints.add(problem, undefined, allowed);
    return { faults: complaints.faults() };
  }
  let reader: Hdf5Reader | null = null;
  try {
    reader = await openHdf5(file);
    return await use(reader, complaints);
  } catch (error) {
    if (error instanceof DamagedFileError) complaints.add(error.message, undefined, allowed);
    else if (error instanceof IllegalValueError) complaints.add('a mask of other values', error.message, '0 or 1');
    else throw error;
    return { faults: complaints.faults() };
  } finally {
    reader?.close();
  }
}

async function inspectOpen(reader: Hdf5Reader, complaints: Complaints): Promise<Inspected | null> {
  const breathe = breather();
  const layout = await readLayout(reader, complaints, breathe);
  if (!layout || complaints.faults().length > 0) return null;
  const { trials, height, width, channels, labels } = layout;
  const ranges = Array.from({ length: labels }, () => ({ low: Infinity, high: -Infinity }));
  let masked = false;
  for (const heads of trials) {
    await breathe();
    if (!heads.labels || labels === 0) continue;
    const values = readLabels(reader, heads.labels, heads.labelMasks);
    masked ||= heads.labelMasks !== null || values.masks.includes(0);
    widen(ranges, values);
  }
  for (const [label, { low, high }] of ranges.entries()) {
    if (high > low) continue;
    complaints.add(
      high === low ? 'a label that never changes' : 'a label without a single value',
      `column ${label} of labels${high === low ? `: always ${low}` : ''}`,
      'labels that vary over the session: leave this column out',
    );
  }
  const firstMask = trials[0]?.frameMasks;
  if (firstMask) readFrameMasks(reader, firstMask);
  if (complaints.faults().length > 0) return null;
  return {
    layout,
    facts: {
      trials: trials.length,
      frames: trials.map((heads) => heads.images.shape[0] ?? 0),
      height,
      width,
      channels,
      labels,
      labelMasks: masked,
      frameMasks: firstMask !== undefined && firstMask !== null,
    },
  };
}

function widen(ranges: { low: number; high: number }[], { labels, masks }: TrialLabels): void {
  for (const [i, value] of labels.entries()) {
    const range = ranges[i % ranges.length];
    if (!range || masks[i] === 0) continue;
    range.low = Math.min(range.low, value);
    range.high = Math.max(range.high, value);
  }
}

function loadTrial(reader: Hdf5Reader, heads: TrialHeads, masked: boolean): Trial {
  const labels =
    heads.labels && (heads.labels.shape[1] ?? 0) > 0 ? readLabels(reader, heads.labels, heads.labelMasks) : null;
  return {
    nFrames: heads.images.shape[0] ?? 0,
    frames: readFrames(reader, heads),
    labels: labels?.labels ?? null,
    labelMasks: masked && labels ? labels.masks : null,
    frameMasks: heads.frameMasks ? readFrameMasks(reader, heads.frameMasks) : null,
    factors: null,
  };
}

function breather(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < BREATH_MILLISECONDS) return;
    await setImmediate();
    since = performance.now();
  };
}
