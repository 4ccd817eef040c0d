import type { Complaints } from './complaints.js';
import type { DatasetHead, Hdf5Reader } from './file.js';

/** The datasets of one trial. */
export interface TrialHeads {
  /** [frames, channels, height, width], uint8. */
  images: DatasetHead;
  /** [frames, labels]. */
  labels: DatasetHead | null;
  /** [frames, labels], 0 or 1. */
  labelMasks: DatasetHead | null;
  /** As images, 0 or 1. */
  frameMasks: DatasetHead | null;
}

export interface Layout {
  trials: TrialHeads[];
  height: number;
  width: number;
  channels: number;
  labels: number;
}

type Optional = 'labels' | 'labels_masks' | 'masks';
type Group = 'images' | Optional;

const TRIAL = /^trial_(\d{4,})$/;
const trialNumber = (name: string) => Number(TRIAL.exec(name)?.[1]);
const shapeOf = ({ name, shape }: DatasetHead) => `${name}: (${shape.join(', ')})`;
const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/**
 * BehaveNet's layout as the file has it, checked from the descriptions alone: groups images, labels, labels_masks
 * and masks of datasets trial_%04i. Other groups (labels_sc, neural, regions) are not looked at. Numbering may have
 * gaps. Null, with complaints, where there is nothing to go on.
 */
export async function readLayout(
  reader: Hdf5Reader,
  complaints: Complaints,
  breathe: () => Promise<void>,
): Promise<Layout | null> {
  const groups = reader.groups();
  if (!groups.includes('images')) {
    const given = groups.length === 0 ? 'no groups' : `groups ${groups.slice(0, 10).join(', ')}`;
    complaints.add(
      'no group images',
      given,
      'an HDF5 file with a group images of datasets trial_0000, trial_0001, ...',
    );
    return null;
  }
  const names = trialNames(reader, 'images', complaints);
  if (names.length === 0) {
    complaints.add('the group images holds no trials', undefined, 'datasets trial_0000, trial_0001, ...');
    return null;
  }
  const optional = {
    labels: optionalGroup(reader, 'labels', names, complaints),
    labels_masks: optionalGroup(reader, 'labels_masks', names, complaints),
    masks: optionalGroup(reader, 'masks', names, complaints),
  };

  let frame: readonly number[] | null = null;
  let labels: number | null = null;
  const trials: TrialHeads[] = [];
  for (const name of names) {
    await breathe();
    const head = (group: Group) => {
      const found = reader.head(group, name);
      if (!found) complaints.add(`${group} holds a trial that is no dataset`, `${group}/${name}`, 'datasets, no links');
      return found;
    };
    const optionalHead = (group: Optional) => (optional[group].has(name) ? head(group) : null);
    const images = head('images');
    if (!images || !checkImages(images, complaints)) continue;
    const size = images.shape.slice(1);
    frame ??= size;
    if (!sameShape(size, frame)) {
      complaints.add(
        'frames differ in size between trials',
        shapeOf(images),
        `(frames, ${frame.join(', ')}) as in the first trial: crop or resize all trials to one size`,
      );
    }
    const trial = {
      images,
      labels: optionalHead('labels'),
      labelMasks: optionalHead('labels_masks'),
      frameMasks: optionalHead('masks'),
    };
    if (trial.labels && checkLabels(trial.labels, images, complaints)) {
      const count = trial.labels.shape[1] ?? 0;
      labels ??= count;
      if (count !== labels) {
        complaints.add(
          'trials differ in the number of labels',
          shapeOf(trial.labels),
          `(frames, ${labels}) in every trial`,
        );
      }
      if (trial.labelMasks) checkMask(trial.labelMasks, trial.labels, complaints);
    }
    if (trial.frameMasks) checkMask(trial.frameMasks, images, complaints);
    trials.push(trial);
  }
  const [channels = 0, height = 0, width = 0] = frame ?? [];
  return { trials, channels, height, width, labels: labels ?? 0 };
}

/** Trials of a group in order of their numbers. */
function trialNames(reader: Hdf5Reader, group: Group, complaints: Complaints): string[] {
  const names = reader.names(group);
  for (const name of names) {
    if (!TRIAL.test(name)) {
      complaints.add(`${group} holds something that is no trial`, `${group}/${name}`, 'trial_0000, trial_0001, ...');
    }
  }
  return names.filter((name) => TRIAL.test(name)).sort((a, b) => trialNumber(a) - trialNumber(b));
}

/** Names in a group that has a dataset for every trial of images, or none at all. */
function optionalGroup(
  reader: Hdf5Reader,
  group: Optional,
  images: readonly string[],
  complaints: Complaints,
): ReadonlySet<string> {
  const names = new Set(reader.groups().includes(group) ? trialNames(reader, group, complaints) : []);
  if (names.size === 0) return names;
  const known = new Set(images);
  const rule = `one dataset in ${group} for every dataset in images, or no group ${group}`;
  for (const name of images) {
    if (!names.has(name)) complaints.add(`a trial without ${group}`, `images/${name}`, rule);
  }
  for (const name of names) {
    if (!known.has(name)) complaints.add(`${group} of a trial without images`, `${group}/${name}`, rule);
  }
  return names;
}

function checkImages(images: DatasetHead, complaints: Complaints): boolean {
  const { name, shape, type, unreadable } = images;
  if (shape.length !== 4) {
    const cure = shape.length === 3 ? 'a grey video needs its channel axis: images[:, None]' : 'four axes';
    complaints.add('images of the wrong form', shapeOf(images), `(frames, channels, height, width); ${cure}`);
    return false;
  }
  const [frames = 0, channels = 0, height = 0, width = 0] = shape;
  if (frames * channels * height * width === 0) {
    complaints.add('a trial without frames', shapeOf(images), '(frames, channels, height, width), each at least 1');
    return false;
  }
  if (width <= 4 && channels > 4) {
    complaints.add(
      'images seem to have their channels last',
      shapeOf(images),
      '(frames, channels, height, width): images.transpose(0, 3, 1, 2)',
    );
    return false;
  }
  if (type !== 'uint8') {
    const cure = type?.startsWith('float')
      ? 'scale to 0..255, then np.clip(np.round(images), 0, 255).astype(np.uint8)'
      : 'np.clip(images, 0, 255).astype(np.uint8)';
    complaints.add('images are not uint8', `${name}: ${type ?? 'no plain numbers'}`, `uint8, 0..255: ${cure}`);
  }
  if (unreadable) complaints.add('images that cannot be read', name, unreadable);
  return true;
}

function checkLabels(labels: DatasetHead, images: DatasetHead, complaints: Complaints): boolean {
  const frames = images.shape[0] ?? 0;
  if (labels.type === null || labels.unreadable) {
    complaints.add('labels that cannot be read', labels.name, labels.unreadable ?? 'float32, z-scored');
    return false;
  }
  if (labels.shape.length === 2 && labels.shape[0] === frames) return true;
  complaints.add(
    'labels that do not fit their images',
    shapeOf(labels),
    `(${frames}, labels): one row for each of the ${frames} frames of ${images.name}`,
  );
  return false;
}

function checkMask(mask: DatasetHead, masked: DatasetHead, complaints: Complaints): void {
  const group = mask.name.slice(0, mask.name.indexOf('/'));
  if (mask.type === null || mask.unreadable) {
    complaints.add(`${group} that cannot be read`, mask.name, mask.unreadable ?? 'numbers, 0 or 1');
  } else if (!sameShape(mask.shape, masked.shape)) {
    complaints.add(`${group} of another shape than what they mask`, shapeOf(mask), `(${masked.shape.join(', ')})`);
  }
}
