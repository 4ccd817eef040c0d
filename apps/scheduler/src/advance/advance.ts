import { assertNever, type Catalog } from '@trawl/spec';
import type { StageRow, Store } from '@trawl/store';
import type { Logger } from 'pino';
import { conclude } from './conclude.js';
import type { Decision } from './decision.js';
import { open } from './open.js';
import { sourcesOf, type Earlier } from './sources.js';

export interface Advancing {
  store: Store;
  catalog: Catalog;
  log: Logger;
  /** Ids of stages that could not be advanced, kept from call to call so that each is logged once. */
  stuck: Set<string>;
}

/**
 * Moves every stage and sweep as far as it goes without another run. Reads, decides, and writes by
 * compare-and-set: what another scheduler did first is not done again, and one that dies between two
 * writes leaves what the next one goes on from. @throws when Postgres does not answer.
 */
export async function advance(advancing: Advancing): Promise<void> {
  let moved: boolean;
  do {
    moved = false;
    // A stage that opens onto runs that exist already, or is decided, makes others due.
    for (const stage of await advancing.store.stages.due()) moved = (await tryStage(stage, advancing)) || moved;
  } while (moved);
  await finishSweeps(advancing);
}

/** One stage that cannot be written must not keep all other sweeps waiting. */
async function tryStage(stage: StageRow, advancing: Advancing): Promise<boolean> {
  const { store, log, stuck } = advancing;
  try {
    const moved = await advanceStage(stage, advancing);
    stuck.delete(stage.id);
    return moved;
  } catch (error) {
    await store.ping().catch(() => {
      throw error;
    });
    const about = { err: error, sweepId: stage.sweepId, stage: stage.name };
    if (!stuck.has(stage.id)) log.error(about, 'stage cannot be advanced; trying every round');
    stuck.add(stage.id);
    return false;
  }
}

async function advanceStage(stage: StageRow, advancing: Advancing): Promise<boolean> {
  const decision = await (stage.state === 'pending' ? opening(stage, advancing) : conclusion(stage, advancing));
  return decision !== null && apply(stage, decision, advancing);
}

async function conclusion(stage: StageRow, { store, catalog }: Advancing): Promise<Decision | null> {
  const results = await store.stages.results(stage.id);
  return decide(() => conclude(stage.plan, results, catalog));
}

async function opening(stage: StageRow, { store, catalog }: Advancing): Promise<Decision | null> {
  const sources = sourcesOf(stage, await store.stages.list(stage.sweepId));
  const read = async (earlier: StageRow): Promise<Earlier> => ({
    stage: earlier,
    results: await store.stages.results(earlier.id),
  });
  const base = sources.base && (await read(sources.base));
  const weights = sources.weights && { earlier: await read(sources.weights.stage), match: sources.weights.match };
  const usedSeeds = await store.sweeps.usedSeeds(stage.sweepId, stage.id);
  return decide(() => open({ plan: stage.plan, base, weights, usedSeeds, catalog }));
}

/** A stage about which nothing can be decided fails: trying again would not change it. */
function decide(rule: () => Decision | null): Decision | null {
  try {
    return rule();
  } catch (error) {
    return { kind: 'fail', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function apply(stage: StageRow, decision: Decision, { store }: Advancing): Promise<boolean> {
  switch (decision.kind) {
    case 'open': {
      const { cells, seeds, parents } = decision;
      const made = await store.stages.open(stage.id, cells, seeds, stage.datasetHash, parents, stage.plan);
      return made !== null;
    }
    case 'done': {
      const { cellId, why } = decision;
      return store.stages.decide(stage.id, { cellId, why, decidedBy: 'rule', plan: stage.plan });
    }
    case 'review': {
      const { reason, suggested } = decision;
      return store.stages.await(stage.id, reason, suggested ?? undefined, stage.plan);
    }
    case 'fail':
      return store.stages.fail(stage.id, decision.reason);
    default:
      return assertNever(decision);
  }
}

async function finishSweeps({ store }: Advancing): Promise<void> {
  for (const { id, state } of await store.sweeps.settled()) await store.stages.finishSweep(id, state);
}
