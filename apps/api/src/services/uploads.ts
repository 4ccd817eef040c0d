import type { Readable } from 'node:stream';
import type { ArtifactView, TensorShapes } from '@trawl/spec';
import type { NewArtifact } from '@trawl/store';
import { found, ProblemError, parameterProblem } from '../problems.js';
import type { Caller } from './caller.js';
import { readSafetensors } from './safetensors.js';
import { runDetail } from './runs.js';
import { receive, type Sent } from './receive.js';
import type { Services } from './services.js';

/** Names that no file system, URL or header can read as anything but a name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;
const NAME_ALLOWED = 'letters, digits, ".", "_" and "-", at most 200, a letter or digit first';
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(\s*;\s*[\w-]+=("[^"\\]*"|[\w.+-]+))*$/i;

/**
 * A file of a running attempt. The fence is looked at before the body is read, so that a lost attempt does
 * not send gigabytes in vain, and decided in the statement that makes the file visible.
 */
export async function putRunArtifact(
  runId: string,
  fence: number,
  description: Pick<NewArtifact, 'name' | 'kind' | 'epoch' | 'step'>,
  sent: Sent,
  services: Services,
): Promise<ArtifactView> {
  const { store, files } = services;
  checkName(description.name);
  const mediaType = checkMediaType(sent.contentType);
  const run = await runDetail(runId, services);
  if (run.state !== 'running' || run.fence !== fence) throw stale(fence, run.state, run.fence);
  const content = await receive(sent, services, 'artifact');
  const recorded = await store.artifacts.record(runId, fence, { ...description, mediaType, ...content });
  if (recorded === null) {
    await store.artifacts.discard(files, [content.sha256]);
    const now = await runDetail(runId, services);
    throw stale(fence, now.state, now.fence);
  }
  await store.artifacts.discard(files, recorded.dropped);
  await requireThere(content.sha256, services);
  return found(await store.artifacts.get(recorded.id), 'artifact', recorded.id);
}

/** A file of no run, as weights to start from. */
export async function addLooseArtifact(
  description: Pick<NewArtifact, 'name' | 'kind'>,
  sent: Sent,
  { project }: Caller,
  services: Services,
): Promise<ArtifactView> {
  checkName(description.name);
  const mediaType = checkMediaType(sent.contentType);
  const content = await receive(sent, services, 'artifact');
  if (description.kind === 'weights') await refuseNoWeights(content, services);
  const id = await services.store.artifacts.addLoose({ ...description, mediaType, ...content }, project);
  await requireThere(content.sha256, services);
  return found(await services.store.artifacts.get(id), 'artifact', id);
}

/** Content that was there already may have been discarded between `put` and `record`: the client sends it again. */
async function requireThere(sha256: string, { files }: Services): Promise<void> {
  if ((await files.size(sha256)) === null) throw new ProblemError('unavailable', 'The file got lost; send it again.');
}

/** What uploaded weights hold; null where there are none of this sha256. */
export async function tensorsOf(
  sha256: string,
  { files, store }: Pick<Services, 'files' | 'store'>,
): Promise<TensorShapes | null> {
  const size = (await store.artifacts.hasLoose('weights', sha256)) ? await files.size(sha256) : null;
  if (size === null) return null;
  const read = await readSafetensors(size, reader(sha256, files));
  return 'tensors' in read ? read.tensors : null;
}

const reader =
  (sha256: string, files: Services['files']) =>
  async (range: { start: number; end: number }): Promise<Readable> =>
    found(await files.open(sha256, range), 'file', sha256).stream;

async function refuseNoWeights({ sha256, size }: { sha256: string; size: number }, services: Services): Promise<void> {
  const { files, store } = services;
  const read = await readSafetensors(size, reader(sha256, files));
  if ('tensors' in read) return;
  const { problem } = read;
  await store.artifacts.discard(files, [sha256]);
  const allowed = 'a safetensors file of F32 tensors, as a run leaves it; kind=other takes any file';
  throw new ProblemError('invalid-body', `These are no weights: ${problem}; allowed: ${allowed}`, [
    { path: 'body', message: problem, allowed },
  ]);
}

function checkName(name: string): void {
  if (!NAME.test(name)) throw parameterProblem('name', 'not a legal file name', name, NAME_ALLOWED);
}

function checkMediaType(given: string | undefined): string {
  if (given === undefined) return 'application/octet-stream';
  if (given.length <= 200 && MEDIA_TYPE.test(given)) return given;
  throw parameterProblem('content-type', 'not a media type', given, 'type/subtype, as image/png');
}

function stale(fence: number, state: string, current: number): ProblemError {
  return new ProblemError(
    'stale-fence',
    `The run is ${state} at fence ${current}; fence ${fence} may not write any more.`,
  );
}
