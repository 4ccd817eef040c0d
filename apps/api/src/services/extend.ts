import type { ExtendBody } from '@trawl/spec';
import { checkExtension, dependentsOf } from '@trawl/search';
import { ProblemError } from '../problems.js';
import { askedBefore } from './askedBefore.js';
import type { Services } from './services.js';
import { newestSearch, requireInstalled, stageNamed, stagesOf } from './stages.js';
import { illegal, sweepDetail } from './sweeps.js';

/** How often another change of the sweep may come between the look and the write. */
const TRIES = 5;

/**
 * Gives a stage more values or seeds. It opens anew with what it has, and so do, once it is decided again, the stages
 * that were built on it. Whether the key named this very extension before.
 */
export async function extend(
  id: string,
  body: ExtendBody,
  idempotencyKey: string | undefined,
  services: Services,
): Promise<{ replayed: boolean }> {
  for (let tries = 1; ; tries += 1) {
    if (await askedBefore(idempotencyKey, id, body, services)) return { replayed: true };
    const result = await tryExtend(id, body, idempotencyKey, services);
    if (result === 'extended') return { replayed: false };
    if (result === null) throw illegal((await sweepDetail(id, services)).state, 'be extended');
    if (tries === TRIES) throw new ProblemError('unavailable', 'The sweep keeps changing; send it again.');
  }
}

async function tryExtend(id: string, body: ExtendBody, idempotencyKey: string | undefined, services: Services) {
  const { store } = services;
  const stages = await stagesOf(id, services);
  const { spec, state } = await sweepDetail(id, services);
  if (state === 'cancelled') return null;
  const stage = body.stage === undefined ? newestSearch(stages) : stageNamed(body.stage, stages);
  const plans = stages.map((each) => each.plan);
  const dependents = dependentsOf(plans, stage.ordinal);
  // They open anew too.
  for (const plan of [stage.plan, ...dependents]) requireInstalled(`stage ${plan.name}`, plan, services);
  const checked = await checkExtension(
    { spec, stages: plans, stage: stage.plan, extension: body, usedSeeds: await store.sweeps.usedSeeds(id) },
    services,
  );
  if (!checked.ok) {
    const [first] = checked.faults;
    const n = checked.faults.length;
    const detail = n === 1 ? `${first?.path}: ${first?.message}; allowed: ${first?.allowed}` : `It has ${n} faults.`;
    throw new ProblemError('invalid-body', `The extension is not possible. ${detail}`, checked.faults);
  }
  if (checked.facts.hash !== stage.datasetHash) {
    throw new ProblemError(
      'conflict',
      `The data of stage ${stage.name} is not what it was when the sweep was posted (sha256 ${stage.datasetHash}): new runs would not compare with those there are.`,
    );
  }
  const names = new Set(dependents.map(({ name }) => name));
  return store.stages.extend(stage.id, {
    from: stage.plan,
    to: checked.plan,
    stages: stages.length,
    dependents: stages.filter(({ name }) => names.has(name)).map((each) => each.id),
    variants: checked.variants,
    body,
    idempotencyKey,
  });
}
