import type { Cell } from '@trawl/spec';
import { newId } from '../ids.js';
import { findCells, insertCells, insertRuns, insertStageCells, linkRuns, wakeRuns } from '../sql/openStage.js';
import { type Batch, batchChange, EMPTY_BATCH, together } from '../stateChange.js';
import { changed, row, rows } from '../statement.js';
import type { Tx } from '../transact.js';

/** Rows a statement: 100,000 runs go in without one parameter of tens of megabytes. */
const CHUNK = 5_000;

export interface Opening {
  sweepId: string;
  stageId: string;
  cells: readonly Cell[];
  seeds: readonly number[];
  /** Of every cell that does not bring its own. */
  datasetHash: string;
  /** By cell hash, the run whose weights the cell's runs start from. */
  parents?: ReadonlyMap<string, string> | undefined;
}

/**
 * Gives a stage its cells and, cell by cell, a run for each seed. What the sweep has already is
 * linked; runs that have succeeded count at once. The caller holds the sweep's lock.
 */
export async function openInto(tx: Tx, opening: Opening): Promise<{ runs: number; linked: number }> {
  const { stageId, seeds } = opening;
  const ids = new Map<string, string>();
  for (const cells of chunks(opening.cells, CHUNK)) {
    for (const [hash, id] of await storeCells(tx, opening, cells)) ids.set(hash, id);
  }
  let made = EMPTY_BATCH;
  let woken = EMPTY_BATCH;
  let linked = 0;
  const wanted = opening.cells.flatMap((cell) =>
    seeds.map((seed) => ({ cellId: ids.get(cell.hash), seed, parent: opening.parents?.get(cell.hash) ?? null })),
  );
  for (const chunk of chunks(wanted, CHUNK)) {
    const columns = [chunk.map((run) => run.cellId), chunk.map((run) => run.seed), chunk.map((run) => run.parent)];
    const fresh = (await row<Batch>(tx.client, insertRuns, [stageId, chunk.map(newId), ...columns])) ?? EMPTY_BATCH;
    made = together(made, fresh);
    woken = together(woken, (await row<Batch>(tx.client, wakeRuns, columns)) ?? EMPTY_BATCH);
    const members = await changed(tx.client, linkRuns, [stageId, ...columns]);
    linked += members - fresh.runs;
  }
  tx.log(batchChange({ sweepId: opening.sweepId, stageId, from: null, to: 'queued' }, made));
  tx.log(batchChange({ sweepId: opening.sweepId, stageId, from: 'cancelled', to: 'queued' }, woken));
  return { runs: made.runs, linked };
}

/** The cells' ids by hash. */
async function storeCells(tx: Tx, opening: Opening, cells: readonly Cell[]): Promise<Map<string, string>> {
  const { sweepId, stageId, datasetHash } = opening;
  const hashes = cells.map((cell) => cell.hash);
  const datasetHashes = cells.map((cell) => cell.datasetHash ?? datasetHash);
  await changed(tx.client, insertCells, [
    sweepId,
    datasetHashes,
    cells.map(newId),
    hashes,
    cells.map((cell) => cell.model),
    cells.map((cell) => cell.modelVersion),
    cells.map((cell) => JSON.stringify(cell.params)),
    cells.map((cell) => JSON.stringify(cell.dataset)),
  ]);
  const found = await rows<{ id: string; hash: string }>(tx.client, findCells, [sweepId, datasetHashes, hashes]);
  const ids = new Map(found.map((cell) => [cell.hash, cell.id]));
  await changed(tx.client, insertStageCells, [
    stageId,
    hashes.map((hash) => ids.get(hash)),
    cells.map((cell) => JSON.stringify(cell.point)),
  ]);
  return ids;
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
