import { canonicalJson } from '@trawl/spec';
import type { Stages } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import * as sql from '../sql/ranking.js';
import { cellsById, cellsOfStage } from '../sql/stageResults.js';
import { changed, type Queryable, row, rows } from '../statement.js';
import { snapshot } from '../transact.js';
import type { CellOfStage, Criterion, RankedResults } from '../types.js';
import { type Names, readResultsOf, resultsOfRuns, type WholeRun } from './results.js';

/** Orders of one stage that are kept: its own and those of other metrics that people look at. */
const MOST = 8;
/** Cells whose runs are in memory at once. */
const CHUNK = 2_000;
/** More cells than these take a while. */
const MANY = 200;

interface Look {
  id: number;
  newest: number;
  cells: string[] | null;
  isNew: boolean;
  isRight: boolean;
}

export function rankings({ pool }: Db): Pick<Stages, 'ranked' | 'forgetOrder'> {
  /** What takes long in this process, by ranking: one does it, and the others wait without a connection. */
  const turns = new Map<string, Promise<unknown>>();
  const names: Names = new Map();

  /** What `work` makes of a ranking in which every event counts that is committed by now; null: there is no such stage. */
  const read = async <T>(
    stageId: string,
    criterion: Criterion,
    work: (on: Queryable, ranking: number) => Promise<T>,
  ): Promise<T | null> => {
    const attempt = (mayTakeLong: boolean): Promise<{ made: T; inserted: number } | null> =>
      snapshot(pool, async (client) => {
        const known = await row<Look>(client, sql.lookAtRanking, [stageId, criterion.name]);
        if (!mayTakeLong && (known === null || takesLong(known))) return null;
        const look = known ?? (await add(client, stageId, criterion.name));
        if (look === null) return null;
        const inserted = look.isRight ? 0 : await putRight(client, { stageId, criterion, names }, look);
        return { made: await work(client, look.id), inserted };
      });
    const found = (await attempt(false)) ?? (await inTurn(turns, `${stageId} ${criterion.name}`, () => attempt(true)));
    if (found === null) return null;
    // Until Postgres knows how many they are it sorts them for a page.
    if (found.inserted > MANY) await changed(pool, sql.analyzeRanked);
    return found.made;
  };

  return {
    ranked: async (stageId, criterion, { offset = 0, limit, cells = [], axis }) => {
      const nothing: RankedResults = { cells: [], runs: [], planned: {}, standing: [] };
      if (!isId(stageId)) return nothing;
      const page = async (on: Queryable, from: number, some: number, further: readonly string[]) => {
        const values = [stageId, criterion.name, some, from, further.filter(isId)];
        return rankedResults(on, await rows<PageRow>(on, sql.pageOfRanking, values), names);
      };
      if (axis === undefined) {
        // One statement is a snapshot of its own.
        const right = await page(pool, offset, limit, cells);
        return right ?? (await read(stageId, criterion, (client) => page(client, offset, limit, cells))) ?? nothing;
      }
      const ofFirst = await read(stageId, criterion, async (client, ranking) => {
        const first = (await firstOfEachValue(client, ranking, axis)).slice(offset, offset + limit);
        return page(client, 0, 0, first);
      });
      if (ofFirst === null) return nothing;
      return { ...ofFirst, standing: ofFirst.standing.map(({ sort }, i) => ({ sort, at: offset + i + 1 })) };
    },

    forgetOrder: async (stageId, criterion) => {
      if (isId(stageId)) await changed(pool, sql.forgetRanking, [stageId, criterion]);
    },
  };
}

type Standing = RankedResults['standing'][number];
/** Without a cell where the page has none. */
type PageRow = Standing & ((CellOfStage & { runs: WholeRun[] | null }) | { cellId: null });

/** null where there are no rows: the ranking is not right. */
async function rankedResults(on: Queryable, found: readonly PageRow[], names: Names): Promise<RankedResults | null> {
  if (found.length === 0) return null;
  const cells: CellOfStage[] = [];
  const runs: WholeRun[] = [];
  const standing: Standing[] = [];
  for (const each of found) {
    // A further cell that stands on the page as well comes right after itself.
    if (each.cellId === null || each.cellId === cells.at(-1)?.cellId) continue;
    cells.push({ cellId: each.cellId, point: each.point, params: each.params });
    runs.push(...(each.runs ?? []));
    standing.push({ sort: each.sort, at: each.at });
  }
  return { ...(await resultsOfRuns(on, cells, runs, names)), standing };
}

async function firstOfEachValue(on: Queryable, ranking: number, axis: string): Promise<string[]> {
  type First = { cellId: string; value: unknown };
  const seen = new Map<string, string>();
  for (const { cellId, value } of await rows<First>(on, sql.firstOfEachValue, [ranking, axis])) {
    // Postgres tells objects apart by the order of their keys.
    const key = canonicalJson(value);
    if (!seen.has(key)) seen.set(key, cellId);
  }
  return [...seen.values()];
}

async function add(on: Queryable, stageId: string, name: string): Promise<Look | null> {
  await changed(on, sql.addRanking, [stageId, name]);
  await changed(on, sql.dropOldRankings, [stageId, MOST]);
  return row<Look>(on, sql.lookAtRanking, [stageId, name]);
}

const takesLong = ({ isNew, cells }: Look): boolean => isNew || (cells?.length ?? 0) > MANY;

interface Kept {
  stageId: string;
  criterion: Criterion;
  names: Names;
}

/** How many cells it has inserted. */
async function putRight(on: Queryable, kept: Kept, { id, isNew, cells, newest }: Look): Promise<number> {
  await rows(on, sql.lockRanking, [id]);
  const inserted = isNew ? await make(on, kept, id) : 0;
  if (!isNew) await update(on, kept, id, cells ?? []);
  await changed(on, sql.rankedUpTo, [id, newest]);
  return inserted;
}

async function make(on: Queryable, { stageId, criterion, names }: Kept, ranking: number): Promise<number> {
  await changed(on, sql.emptyRanking, [ranking]);
  const cells = await rows<CellOfStage>(on, cellsOfStage, [stageId]);
  const places = criterion.tieOrder(cells);
  for (let at = 0; at < cells.length; at += CHUNK) {
    const some = cells.slice(at, at + CHUNK);
    const keys = criterion.sortKeys(await readResultsOf(on, stageId, some, names));
    await changed(on, sql.insertRanked, [
      ranking,
      some.map(({ cellId }) => cellId),
      keys,
      places.slice(at, at + CHUNK),
      some.map((_, i) => at + i),
    ]);
  }
  return cells.length;
}

async function update(
  on: Queryable,
  { stageId, criterion, names }: Kept,
  ranking: number,
  cellIds: readonly string[],
): Promise<void> {
  for (let at = 0; at < cellIds.length; at += CHUNK) {
    const some = await rows<CellOfStage>(on, cellsById, [stageId, cellIds.slice(at, at + CHUNK)]);
    const keys = criterion.sortKeys(await readResultsOf(on, stageId, some, names));
    await changed(on, sql.updateRanked, [ranking, some.map(({ cellId }) => cellId), keys]);
  }
}

/** One after the other for each key. */
async function inTurn<T>(turns: Map<string, Promise<unknown>>, key: string, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(key) ?? Promise.resolve()).then(work, work);
  turns.set(key, turn);
  try {
    return await turn;
  } finally {
    if (turns.get(key) === turn) turns.delete(key);
  }
}
