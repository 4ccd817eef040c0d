import { createReadStream } from 'node:fs';
import { inspectFile } from '@trawl/datasets/inspect';
import { fileHash } from '@trawl/datasets/fileHash';
import { resolveInRoots } from '@trawl/datasets/roots';
import type { DatasetDetail } from '@trawl/spec';
import { found, notFound, parameterProblem, ProblemError } from '../problems.js';
import { type Conditions, type Download, download, type Served } from './downloads.js';
import { receive, type Sent } from './receive.js';
import type { Services } from './services.js';

const MEDIA_TYPES: Record<DatasetDetail['kind'], string> = {
  hdf5: 'application/x-hdf5',
  behaviour: 'application/json',
  shapes: 'application/json',
  balls: 'application/json',
  frames: 'application/json',
  sessions: 'application/json',
};

export async function datasetDetail(id: string, { store }: Services): Promise<DatasetDetail> {
  return found(await store.datasets.get(id), 'dataset', id);
}

/** Takes a file in once it has been found to be data that can be trained on. */
export async function uploadDataset(
  name: string | undefined,
  sent: Sent,
  services: Services,
): Promise<{ dataset: DatasetDetail; created: boolean }> {
  const { files, store } = services;
  const { sha256 } = await receive(sent, services, 'dataset');
  const looked = await files.onDisk(sha256, (path) => inspectFile(path, 'body'));
  const inspected = found(looked, 'file of dataset', sha256);
  if ('faults' in inspected) {
    await store.artifacts.discard(files, [sha256]);
    const [first] = inspected.faults;
    const n = inspected.faults.length;
    const more = n > 1 ? ` (and ${n - 1} more)` : '';
    throw new ProblemError(
      'invalid-body',
      `This is no data that can be trained on: ${first?.message ?? ''}${more}; allowed: ${first?.allowed ?? ''}`,
      inspected.faults,
    );
  }
  const { created } = await store.datasets.upload(inspected.facts, name ?? null);
  // What was there already may have been deleted between the two: the client sends it again.
  if ((await files.size(sha256)) === null) throw new ProblemError('unavailable', 'The file got lost; send it again.');
  return { dataset: await datasetDetail(sha256, services), created };
}

export async function deleteDataset(id: string, services: Services): Promise<void> {
  const { store, files } = services;
  const dataset = await datasetDetail(id, services);
  if (!dataset.uploaded) {
    throw new ProblemError('conflict', 'The dataset was not uploaded: the service holds no file of it to delete.');
  }
  const { usedBy } = found(await store.datasets.delete(id), 'dataset', id);
  if (usedBy.length > 0) {
    const names = usedBy.map((sweep) => `${sweep.name} (${sweep.id})`).join(', ');
    throw new ProblemError('conflict', `Sweeps are trained on the dataset; delete them first: ${names}.`);
  }
  await store.artifacts.discard(files, [id]);
}

/** The file itself: the upload, or the one below a data root as long as it is what a sweep was checked with. */
export async function downloadDataset(id: string, conditions: Conditions, services: Services): Promise<Download> {
  const dataset = await datasetDetail(id, services);
  return download(await contentOf(dataset, services), conditions);
}

async function contentOf(dataset: DatasetDetail, { files, dataRoots }: Services): Promise<Served> {
  const { id, sha256, size, kind } = dataset;
  const served = { sha256, size, name: `${sha256.slice(0, 12)}.${kind}`, mediaType: MEDIA_TYPES[kind] };
  if (dataset.uploaded) {
    const open: Served['open'] = async (range) => {
      const file = await files.open(sha256, range);
      if (file === null) throw new ProblemError('file-lost', `The file of dataset ${id} is not there.`);
      return file.stream;
    };
    return { ...served, open };
  }
  if (kind === 'frames')
    throw new ProblemError('not-found', 'The dataset is a folder of frames: copy it, the service sends single files.');
  if (dataset.path === null)
    throw new ProblemError('not-found', 'The dataset is rendered from its keys: there is no file.');
  const place = await resolveInRoots(dataset.path, dataRoots, 'path');
  if ('faults' in place) throw notFound('readable file of dataset', id);
  if ((await fileHash(place.file)).sha256 !== sha256) {
    throw new ProblemError('conflict', `The file ${dataset.path} is not what it was: another sha256 than ${sha256}.`);
  }
  return { ...served, open: async (range) => createReadStream(place.file, range) };
}

const NAME = /^[^\p{Cc}\p{Cs}]{1,200}$/u;

/** @throws ProblemError for a name that cannot be shown or stored. */
export function checkDatasetName(name: string | undefined): string | undefined {
  if (name === undefined || NAME.test(name)) return name;
  throw parameterProblem('name', 'not a name', name, '1 to 200 characters that can be shown');
}
