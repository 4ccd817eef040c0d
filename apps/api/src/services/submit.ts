import { type CheckedSweep, checkSweep, countCells, expandStage, pointsOf, refitsOf } from '@trawl/search';
import type { DryRun, Params, StagePlan, SweepPlan } from '@trawl/spec';
import type { SentDocument } from '../plugins/bodies.js';
import { ProblemError } from '../problems.js';
import type { Caller } from './caller.js';
import type { Services } from './services.js';

/** Points that a dry run writes out of each stage. */
const POINTS_SHOWN = 1_000;

type Checked = Extract<CheckedSweep, { ok: true }>;

/** @throws ProblemError listing every fault of the spec. */
export async function check(value: unknown, services: Services): Promise<Checked> {
  const checked = await checkSweep(value, services);
  if (checked.ok) return checked;
  const n = checked.faults.length;
  throw new ProblemError(
    'invalid-body',
    n === 1 ? 'The sweep has a fault.' : `The sweep has ${n} faults.`,
    checked.faults,
  );
}

/**
 * A sweep that names no project is of its submitter's.
 * @throws ProblemError 403 where it names another
 */
export function withProject(checked: Checked, { value }: SentDocument, { project, name }: Caller): Checked {
  if (project === null || checked.plan.project === project) return checked;
  const named = typeof value === 'object' && value !== null && 'project' in value;
  if (!named) return { ...checked, plan: { ...checked.plan, project } };
  const allowed = `${project}, or absent`;
  throw new ProblemError('forbidden', `project: ${name} is a key of another project; allowed: ${allowed}`, [
    { path: 'project', message: 'not the project of the key', given: checked.plan.project, allowed },
  ]);
}

/** Stores a checked sweep; the same Idempotency-Key with the same text names the sweep it made before. */
export async function store(
  checked: Checked,
  document: SentDocument,
  { idempotencyKey, traceparent }: { idempotencyKey: string | undefined; traceparent: string | null },
  services: Services,
): Promise<{ id: string; created: boolean }> {
  const { plan, datasets, variants } = checked;
  const first = plan.stages[0];
  if (!first) throw new Error('checkSweep returned a plan without stages');
  const { id, created, sameText } = await services.store.sweeps.create({
    plan,
    spec: document.value,
    text: document.text,
    datasets,
    variants,
    cells: expandStage(first, null, services.catalog),
    idempotencyKey,
    traceparent,
  });
  if (!created && !sameText) {
    throw new ProblemError('key-reused', `The key made sweep ${id} from another body; take a new key for a new sweep.`);
  }
  return { id, created };
}

/** What a sweep would run. */
export function dryRun(plan: SweepPlan): DryRun {
  const stages = plan.stages.map((stage, i) =>
    stage.refit === null ? searchPreview(stage) : refitPreview(stage, refitsOf(plan.stages, i)),
  );
  return { name: plan.name, stages, runs: stages.reduce((sum, stage) => sum + stage.runs, 0) };
}

type StagePreview = DryRun['stages'][number];

function searchPreview(stage: StagePlan): StagePreview {
  const cells = countCells(stage.space);
  return {
    name: stage.name,
    kind: 'search',
    cells,
    runs: cells * stage.seeds.length,
    points: firstPoints(stage),
    note:
      stage.ordinal === 0
        ? null
        : 'Starts from what an earlier stage selects; runs that it has already are not run again.',
  };
}

/** Without the cells' params: those of a later stage are known only when an earlier one has selected. */
function firstPoints({ space }: StagePlan): Params[] {
  const shown: Params[] = [];
  for (const point of pointsOf(space)) if (shown.push(point) === POINTS_SHOWN) break;
  return shown;
}

function refitPreview(stage: StagePlan, search: StagePlan | null): StagePreview {
  const wanted = stage.refit ?? { top: 0, seeds: 0 };
  const cells = Math.min(wanted.top, search ? countCells(search.space) : wanted.top);
  return {
    name: stage.name,
    kind: 'refit',
    cells,
    runs: cells * wanted.seeds,
    points: [],
    note: `The best ${cells} of stage ${search?.name ?? '?'}, each with ${wanted.seeds} seeds not used before.`,
  };
}
