import { Readable } from 'node:stream';
import type { SweepDetail } from '@trawl/spec';
import { ProblemError } from '../../problems.js';
import type { Services } from '../services.js';
import { sweepDetail } from '../sweeps.js';
import {
  experimentFolder,
  experimentName,
  FAMILY,
  latentsDocument,
  metaTags,
  metricsTable,
  sessionInfo,
  sessionOf,
} from './behavenet.js';
import { CURVE_HEADER, curveLines, runHeader, runLine } from './csv.js';
import { gathered } from './gather.js';
import { runFolder, safeName } from './names.js';
import { runsOf } from './runs.js';
import { TAR_END, tarMember } from './tar.js';
import { experimentFile, runFile } from './tensorboard.js';

export const FORMATS = ['csv', 'json', 'tensorboard', 'behavenet'] as const;
type Format = (typeof FORMATS)[number];
export const WHATS = ['runs', 'curves'] as const;
type What = (typeof WHATS)[number];

export interface Export {
  headers: Record<string, string>;
  stream: Readable;
}

type Writer = (sweep: SweepDetail, what: What, services: Services) => AsyncGenerator<string | Uint8Array>;

const WRITERS: Record<Format, { mediaType: string; ending: string; write: Writer }> = {
  csv: { mediaType: 'text/csv; charset=utf-8', ending: 'csv', write: csv },
  json: { mediaType: 'application/json', ending: 'json', write: json },
  tensorboard: { mediaType: 'application/x-tar', ending: 'tensorboard.tar', write: tensorboard },
  behavenet: { mediaType: 'application/x-tar', ending: 'behavenet.tar', write: behavenet },
};

/** A sweep to take away, written while it is sent. @throws ProblemError 404 for an unknown sweep */
export async function exportSweep(id: string, format: Format, what: What, services: Services): Promise<Export> {
  const sweep = await sweepDetail(id, services);
  if (format === 'behavenet' && !sweep.stages.some((stage) => FAMILY.includes(stage.model))) {
    const models = FAMILY.join(', ');
    throw new ProblemError('conflict', `BehaveNet has no ${sweep.model}: this format is for sweeps of ${models}.`);
  }
  const { mediaType, ending, write } = WRITERS[format];
  const name = `${safeName(sweep.name, 60)}-${id.slice(-8)}${what === 'curves' ? '-curves' : ''}.${ending}`;
  return {
    headers: {
      'content-type': mediaType,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
    stream: Readable.from(gathered(write(sweep, what, services)), { objectMode: false }),
  };
}

async function* csv(sweep: SweepDetail, what: What, { store }: Services): AsyncGenerator<string> {
  if (what === 'curves') {
    yield CURVE_HEADER;
    for await (const run of runsOf(sweep.id, store))
      for (const curve of await store.metrics.curves(run.id)) yield curveLines(run.id, curve);
    return;
  }
  const columns = await store.runs.columns(sweep.id);
  yield runHeader(columns);
  for await (const run of runsOf(sweep.id, store)) yield runLine(run, columns);
}

/** `{ sweep, runs: [{ ..., artifacts, curves? }] }`, one run a line. */
async function* json(sweep: SweepDetail, what: What, { store }: Services): AsyncGenerator<string> {
  yield `{"sweep":${JSON.stringify(sweep)},\n"runs":[`;
  let between = '\n';
  for await (const run of runsOf(sweep.id, store)) {
    const artifacts = await store.artifacts.of(run.id);
    const curves = what === 'curves' ? { curves: await store.metrics.curves(run.id) } : {};
    yield `${between}${JSON.stringify({ ...run, artifacts, ...curves })}`;
    between = ',\n';
  }
  yield '\n]}\n';
}

async function* tensorboard(sweep: SweepDetail, _what: What, { store }: Services): AsyncGenerator<Uint8Array> {
  const modifiedAt = new Date(sweep.finishedAt ?? sweep.createdAt);
  const columns = await store.runs.columns(sweep.id);
  const experiment = experimentFile(sweep.name, columns, sweep.createdAt);
  yield* tarMember(eventsName(sweep.createdAt), experiment, modifiedAt);
  for await (const run of runsOf(sweep.id, store)) {
    const content = runFile(run, await store.metrics.curves(run.id));
    yield* tarMember(`${runFolder(run)}/${eventsName(run.createdAt)}`, content, modifiedAt);
  }
  yield TAR_END;
}

/** Runs of other models are left out. */
async function* behavenet(sweep: SweepDetail, _what: What, services: Services): AsyncGenerator<Uint8Array> {
  const modifiedAt = new Date(sweep.finishedAt ?? sweep.createdAt);
  const member = (name: string, content: string | Uint8Array): Uint8Array[] =>
    tarMember(name, Buffer.from(content), modifiedAt);
  const versions = new Map<string, number>();
  const sessions = new Set<string>();
  for await (const run of runsOf(sweep.id, services.store)) {
    if (!FAMILY.includes(run.model)) continue;
    const session = sessionOf(run);
    const place = session.join('/');
    if (!sessions.has(place)) yield* member(`${place}/session_info.csv`, sessionInfo(session));
    sessions.add(place);
    const metrics = metricsTable(run, await services.store.metrics.curves(run.id));
    const latents = await latentsOf(run.id, services);
    for (const stage of run.stages) {
      const experiment = experimentName(sweep, stage);
      const folder = experimentFolder(run, experiment);
      const version = versions.get(folder) ?? 0;
      versions.set(folder, version + 1);
      const at = `${folder}/version_${version}`;
      yield* member(`${at}/meta_tags.csv`, metaTags(run, experiment, version));
      yield* member(`${at}/metrics.csv`, metrics);
      yield* member(`${at}/session_info.csv`, sessionInfo(session));
      if (latents === null) continue;
      yield* member(`${at}/${session.join('_')}_latents.npz`, latents);
      yield* member(`${at}/${session.join('_')}_latents.json`, JSON.stringify(latentsDocument(latents)));
    }
  }
  yield TAR_END;
}

async function latentsOf(runId: string, { store, files }: Services): Promise<Buffer | null> {
  const artifact = (await store.artifacts.of(runId)).find(({ name }) => name === 'latents.npz');
  const file = artifact === undefined ? null : await files.open(artifact.sha256);
  if (file === null) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of file.stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** TensorBoard takes for event files what has `tfevents` in its name. */
const eventsName = (createdAt: string): string =>
  `events.out.tfevents.${Math.floor(Date.parse(createdAt) / 1000)}.trawl`;
