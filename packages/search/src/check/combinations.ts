import { canonicalJson, faultsOf } from '@trawl/spec';
import type { Fault, ModelCard, Params, SelectRule, Space } from '@trawl/spec';
import { datasetAt, isParams, rootOf, withPoint } from '../assign.js';
import { rankableMetric } from '../metricValue.js';
import { samplePoints } from '../space/points.js';
import { blame } from './blame.js';
import type { CellFault, Origin } from './blame.js';
import type { Datasets } from './datasets.js';
import { without } from './sound.js';

/** What a later stage takes of a stage: the params of its first cell stand for those of the cell to be selected. */
export interface Tried {
  faults: Fault[];
  /** null where no cell can be made: nothing that builds on it can be judged. */
  first: { point: Params; params: Params } | null;
}

export interface Trial {
  card: ModelCard;
  origin: Origin;
  /** Sound part of the stage's space. */
  space: Space;
  /** Params of the cell of the earlier stage that is taken for the selected one. */
  inherited: Params | null;
  /** Names whose value is wrong or unknown: neither they nor what is said of them can be judged. */
  suspect: ReadonlySet<string>;
  rule: SelectRule | null;
  /** Of more cells than this, so many are judged, spread over the space. */
  limit: number;
  datasets: Datasets;
}

/** Judges the cells of a stage whole: what the schema of params says of all together, then the card's own check. */
export function tryCells(trial: Trial): Tried {
  const { card, origin, suspect } = trial;
  const { stage } = origin;
  const base = without({ ...stage.sweepParams, ...trial.inherited, ...stage.ownParams }, suspect);
  const metrics = metricsOf(card, trial.rule);
  const found = new Map<string, CellFault>();
  const checked: Params[] = [];
  let first: Tried['first'] = null;
  let clean = false;
  for (const point of samplePoints(trial.space, trial.limit)) {
    checked.push(point);
    const raw = withPoint(base, point);
    const parsed = card.params.safeParse(raw);
    const facts = stage.dataset === null ? null : trial.datasets.facts(datasetAt(stage.dataset.value, point));
    const params: unknown = parsed.data;
    const faults = !parsed.success
      ? faultsOf(parsed.error, raw, card.params)
      : isParams(params)
        ? [card.check(params, facts), ...metrics.map((check) => check(params, facts))].flat()
        : [];
    const relevant = faults.filter((fault) => !isAbout(fault, suspect));
    for (const fault of relevant) {
      const key = canonicalJson([fault.path, fault.message, fault.allowed]);
      const before = found.get(key);
      if (before === undefined) found.set(key, { fault, points: [point] });
      else before.points.push(point);
    }
    if (isParams(params) && (first === null || (!clean && relevant.length === 0))) {
      first = { point, params };
      clean = relevant.length === 0;
    }
  }
  return { faults: [...found.values()].flatMap((fault) => blame(fault, checked, origin)), first };
}

/** What the metrics that a stage selects by say of params that would make ranking by them pointless. */
function metricsOf(card: ModelCard, rule: SelectRule | null): ModelCard['check'][] {
  const names = rule === null ? [] : [rule.metric, ...rule.where.map(({ metric }) => metric)];
  return [...new Set(names)].flatMap((name) => {
    const metric = rankableMetric(card, name);
    return metric === null ? [] : [(params, facts) => metric.check?.(params, facts) ?? []];
  });
}

/** Whether a fault is of, or names, a parameter whose value is not what the user meant. */
function isAbout({ path, message, allowed }: Fault, suspect: ReadonlySet<string>): boolean {
  if (suspect.has(path) || suspect.has(rootOf(path))) return true;
  const words = new Set(`${message} ${allowed}`.match(/[A-Za-z0-9_.]+/g) ?? []);
  return [...suspect].some((name) => words.has(name));
}
