import { SPLITS } from '@trawl/spec';
import type { Metrics, Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { inBatches } from '../inBatches.js';
import type { MetricNames } from '../metricNames.js';
import { deleteCheckpoint } from '../sql/artifacts.js';
import { lockHeldRun } from '../sql/leaveRunning.js';
import { reportRuns } from '../sql/reportRuns.js';
import { rewindRun } from '../sql/rewindRun.js';
import { changed, row, rows } from '../statement.js';
import { transact } from '../transact.js';
import type { BackendInfo, MetricPoint, StoredArtifact } from '../types.js';

/** One thing that an attempt says of itself. */
interface Said {
  runId: string;
  fence: number;
  info?: BackendInfo;
  at?: { epoch: number; epochs: number; step: number };
  points?: readonly MetricPoint[];
}

/** Points of one statement: of many runs together, or what one sends after an outage. */
const MOST_POINTS = 20_000;
/** What else a row costs, in points. */
const ROW = 10;

type Reports = Pick<Runs, 'progress' | 'attemptInfo' | 'dropCheckpoint'> & Pick<Metrics, 'ingest'>;

/** What running attempts say of themselves. */
export function reports({ pool, unsafe }: Db, names: MetricNames): Reports {
  const fence = unsafe.noFence !== true;
  const statement = reportRuns({ fence });
  const lockHeld = lockHeldRun({ fence });

  const report = inBatches<Said, boolean>(
    async (said) => {
      const ids = await names(said.flatMap(({ points = [] }) => points.map(({ name }) => name)));
      const held = await rows<{ place: number }>(pool, statement, columnsOf(said, ids));
      const places = new Set(held.map(({ place }) => place));
      return said.map((_, i) => places.has(i + 1));
    },
    // Progress and points of one run are two rows of $1, which each find the run held.
    {
      keyOf: ({ runId, info, at }) => `${runId} ${info === undefined ? (at === undefined ? 'points' : 'at') : 'info'}`,
      weigh: ({ points = [] }) => ROW + points.length,
      most: MOST_POINTS,
    },
  );
  const say = async (said: Said): Promise<boolean> => isId(said.runId) && report(said);

  return {
    progress: (runId, runFence, at) => say({ runId, fence: runFence, at }),
    attemptInfo: (runId, runFence, info) => say({ runId, fence: runFence, info }),
    ingest: (runId, runFence, points) => say({ runId, fence: runFence, points }),
    dropCheckpoint: async (runId, runFence, artifactId) => {
      if (!isId(runId) || !isId(artifactId)) return null;
      return transact(pool, async (tx) => {
        if ((await row(tx.client, lockHeld, [runId, runFence])) === null) return null;
        await changed(tx.client, deleteCheckpoint, [runId, artifactId]);
        return { checkpoint: await row<StoredArtifact>(tx.client, rewindRun, [runId]) };
      });
    },
  };
}

/** The values of reportRuns. */
function columnsOf(said: readonly Said[], ids: ReadonlyMap<string, number>): unknown[] {
  const infos = said.flatMap(({ info }, i) => (info === undefined ? [] : [{ place: i + 1, info }]));
  const ats = said.flatMap(({ at }, i) => (at === undefined ? [] : [{ place: i + 1, ...at }]));
  const points = said.flatMap((each, i) => (each.points ?? []).map((point) => ({ place: i + 1, point })));
  return [
    said.map(({ runId }) => runId),
    said.map(({ fence }) => fence),
    infos.map(({ place }) => place),
    infos.map(({ info }) => JSON.stringify(info)),
    ats.map(({ place }) => place),
    ats.map(({ epoch }) => epoch),
    ats.map(({ epochs }) => epochs),
    ats.map(({ step }) => step),
    ...[
      points.map(({ place }) => place),
      points.map(({ point }) => ids.get(point.name)),
      points.map(({ point }) => SPLITS.indexOf(point.split)),
      points.map(({ point }) => point.step),
      points.map(({ point }) => point.epoch),
      points.map(({ point }) => point.value),
    ].map(arrayLiteral),
  ];
}

/** pg quotes and escapes each element of an array; numbers, NaN and the infinities need none of it. */
const arrayLiteral = (column: (number | undefined)[]): string => `{${column.join(',')}}`;
