import { canonicalJson } from '@trawl/spec';
import type { Stages } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import * as sql from '../sql/ranking.js';
import { cellsById, cellsOfStage } from '../sql/stageResults.js';
import { changed, type Queryable, row, rows } from '../statement.js';
import { snapshot } from '../transact.js';
import type { CellOfStage, Criterion, RankedResults } from '../types.js';
import { readResultsOf } from './results.js';

/** Orders of one stage that are kept: its own and those of other metrics that people look at. */
const MOST = 8;
/** Cells whose runs are in memory at once. */
const CHUNK = 2_000;
/** More cells than these take a while. */
const MANY = 200;
/** How far a ranking may lag behind events that change nothing in it: each look reads them. */
const LAG = 500;

interface Look {
  id: number;
  /** null: it was never made. */
  seq: number | null;
  newest: number;
  opened: boolean;
  cells: string[] | null;
}

export function rankings({ pool }: Db): Pick<Stages, 'ranked' | 'forgetOrder'> {
  /** What takes long in this process, by ranking: one does it, and the others wait without a connection. */
  const turns = new Map<string, Promise<unknown>>();

  /** What `work` makes of a ranking in which every event counts that is committed by now; null: there is no such stage. */
  const read = async <T>(
    stageId: string,
    criterion: Criterion,
    work: (on: Queryable, ranking: number) => Promise<T>,
  ): Promise<T | null> => {
    if (!isId(stageId)) return null;
    const attempt = (mayTakeLong: boolean): Promise<{ made: T; inserted: number } | null> =>
      snapshot(pool, async (client) => {
        const known = await row<Look>(client, sql.lookAtRanking, [stageId, criterion.name]);
        if (!mayTakeLong && (known === null || takesLong(known))) return null;
        const look = known ?? (await add(client, stageId, criterion.name));
        if (look === null) return null;
        const inserted = isRight(look) ? 0 : await putRight(client, stageId, criterion, look);
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
      const ranked = await read(stageId, criterion, async (client, ranking) => {
        const found =
          axis === undefined
            ? await page(client, ranking, { offset, limit, cells })
            : await pageOfFirst(client, ranking, { axis, offset, limit });
        const results = await readResultsOf(
          client,
          stageId,
          found.map(({ cellId, point, params }) => ({ cellId, point, params })),
        );
        return { ...results, standing: found.map(({ sort, at }) => ({ sort, at })) };
      });
      return ranked ?? { cells: [], runs: [], planned: {}, standing: [] };
    },

    forgetOrder: async (stageId, criterion) => {
      if (isId(stageId)) await changed(pool, sql.forgetRanking, [stageId, criterion]);
    },
  };
}

type Standing = CellOfStage & RankedResults['standing'][number];

async function page(
  on: Queryable,
  ranking: number,
  { offset, limit, cells }: { offset: number; limit: number; cells: readonly string[] },
): Promise<Standing[]> {
  const found = await rows<Standing>(on, sql.pageOfRanking, [ranking, limit, offset, cells.filter(isId)]);
  // A further cell that stands on the page as well comes right after itself.
  return found.filter(({ cellId }, i) => cellId !== found[i - 1]?.cellId);
}

async function pageOfFirst(
  on: Queryable,
  ranking: number,
  { axis, offset, limit }: { axis: string; offset: number; limit: number },
): Promise<Standing[]> {
  const seen = new Set<string>();
  const first: string[] = [];
  for (const { cellId, value } of await rows<{ cellId: string; value: unknown }>(on, sql.firstOfEachValue, [
    ranking,
    axis,
  ])) {
    // Postgres tells objects apart by the order of their keys.
    const key = canonicalJson(value);
    if (!seen.has(key)) first.push(cellId);
    seen.add(key);
  }
  const cells = first.slice(offset, offset + limit);
  return (await page(on, ranking, { offset: 0, limit: 0, cells })).map((cell, i) => ({ ...cell, at: offset + i + 1 }));
}

const isRight = (look: Look): boolean => !isNew(look) && look.cells === null && look.newest - (look.seq ?? 0) <= LAG;

async function add(on: Queryable, stageId: string, name: string): Promise<Look | null> {
  await changed(on, sql.addRanking, [stageId, name]);
  await changed(on, sql.dropOldRankings, [stageId, MOST]);
  return row<Look>(on, sql.lookAtRanking, [stageId, name]);
}

const isNew = ({ seq, opened }: Look): boolean => seq === null || opened;
const takesLong = (look: Look): boolean => isNew(look) || (look.cells?.length ?? 0) > MANY;

/** How many cells it has inserted. */
async function putRight(on: Queryable, stageId: string, criterion: Criterion, look: Look): Promise<number> {
  await rows(on, sql.lockRanking, [look.id]);
  const inserted = isNew(look) ? await make(on, stageId, criterion, look.id) : 0;
  if (!isNew(look)) await update(on, stageId, criterion, look.id, look.cells ?? []);
  await changed(on, sql.rankedUpTo, [look.id, look.newest]);
  return inserted;
}

async function make(on: Queryable, stageId: string, criterion: Criterion, ranking: number): Promise<number> {
  await changed(on, sql.emptyRanking, [ranking]);
  const cells = await rows<CellOfStage>(on, cellsOfStage, [stageId]);
  const places = criterion.tieOrder(cells);
  for (let at = 0; at < cells.length; at += CHUNK) {
    const some = cells.slice(at, at + CHUNK);
    const keys = criterion.sortKeys(await readResultsOf(on, stageId, some));
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
  stageId: string,
  criterion: Criterion,
  ranking: number,
  cellIds: readonly string[],
): Promise<void> {
  for (let at = 0; at < cellIds.length; at += CHUNK) {
    const some = await rows<CellOfStage>(on, cellsById, [stageId, cellIds.slice(at, at + CHUNK)]);
    const keys = criterion.sortKeys(await readResultsOf(on, stageId, some));
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
