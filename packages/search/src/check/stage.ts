import { joinPath } from '@trawl/spec';
import type { Fault, SelectRule } from '@trawl/spec';
import { rootOf } from '../assign.js';
import { axesOf } from '../space/groups.js';
import { axesOfDraft } from './axes.js';
import type { Origin } from './blame.js';
import { tryCells } from './combinations.js';
import type { Tried } from './combinations.js';
import type { Datasets } from './datasets.js';
import type { StageDraft, SweepDraft } from './draft.js';
import { checkAxes, checkParams } from './params.js';
import type { ValueCheck } from './params.js';
import { MAX_RUNS } from './runs.js';
import { checkSeedParameter } from './seeds.js';
import { resolveSelect } from './selection.js';
import { soundSpace } from './sound.js';
import { checkSpace } from './space.js';

/** Cells of a stage that are judged one by one; of more, so many are. */
const MAX_JUDGED = 10_000;
/** Of a stage that is refused for its size. */
const FEW_JUDGED = 100;

export interface CheckedStage {
  stage: StageDraft;
  faults: Fault[];
  rule: SelectRule | null;
  origin: Origin;
  /** What a later stage of the same model takes of it; null where no cell can be made. */
  first: Tried['first'];
  /** Names whose value is not what the user meant. */
  suspect: ReadonlySet<string>;
}

export interface StageCheck {
  sweep: SweepDraft;
  stage: StageDraft;
  /** What is wrong with the sweep's params; null without a model to judge them by. */
  sweepParams: ValueCheck | null;
  /** The search stages before. */
  searches: readonly CheckedStage[];
  datasets: Datasets;
}

/** Checks one search stage; see `CheckedStage`. */
export async function checkStage({ sweep, stage, sweepParams, searches, datasets }: StageCheck): Promise<CheckedStage> {
  const { card } = stage;
  const axes = axesOfDraft(stage);
  const faults = checkSpace(stage, axes);
  const own = card === null ? null : checkParams(card, stage.ownParams, joinPath(stage.at, 'params'));
  const varied = card === null ? null : checkAxes(card, axes, stage.dataset?.value ?? null);
  faults.push(...(own?.faults ?? []), ...(varied?.faults ?? []), ...checkSeedParameter(sweep, stage, axes));

  const sound = soundSpace(stage.space, {
    unusable: varied?.unusable ?? new Set(),
    values: varied?.wrong ?? new Map(),
  });
  faults.push(...(await datasets.check(stage, axes, sound.space)));

  const before = searches.findLast((search) => search.stage.model?.value === stage.model?.value) ?? null;
  const origin: Origin = { stage, axes, point: {}, from: before?.origin ?? null };
  const suspect = new Set([...(before?.suspect ?? []), ...(sweepParams?.unusable ?? [])]);
  // What the stage sets itself is not what was wrong before.
  for (const name of [...Object.keys(stage.ownParams), ...axesOf(sound.space).map(rootOf)]) suspect.delete(name);
  for (const name of [...(own?.unusable ?? []), ...sound.lost, ...stage.unread]) suspect.add(name);
  const checked: CheckedStage = { stage, faults, rule: null, origin, first: null, suspect };
  if (card === null) return checked;

  const resolved = resolveSelect(stage, card, axes);
  if ('rule' in resolved) checked.rule = resolved.rule;
  else faults.push(...resolved.faults);

  if (!stage.paramsRead || (before !== null && before.first === null)) return checked;
  const limit = stage.cells > MAX_RUNS ? FEW_JUDGED : MAX_JUDGED;
  const inherited = before?.first?.params ?? null;
  const tried = tryCells({ card, origin, space: sound.space, inherited, suspect, rule: checked.rule, limit, datasets });
  faults.push(...tried.faults);
  return { ...checked, origin: { ...origin, point: tried.first?.point ?? {} }, first: tried.first };
}
