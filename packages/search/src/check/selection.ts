import {
  isPlainObject,
  joinPath,
  legalWords,
  oneOf,
  parseMetricName,
  SelectSchema,
  shortGiven,
  suggestion,
} from '@trawl/spec';
import type { Direction, Fault, MetricCard, ModelCard, SelectRule, SelectSpec } from '@trawl/spec';
import { rootOf } from '../assign.js';
import { rankableMetric, rankableMetrics } from '../metricValue.js';
import type { Axis } from './axes.js';
import type { StageDraft } from './draft.js';

/** Rules that walk the values of one parameter. */
const WALKS = ['smallest-within', 'largest-within', 'knee'];
const WITHIN = ['smallest-within', 'largest-within'];

/** The rule of a search stage with everything filled in, or what is wrong with it. */
export function resolveSelect(
  stage: StageDraft,
  card: ModelCard,
  axes: readonly Axis[],
): { rule: SelectRule } | { faults: Fault[] } {
  const at = joinPath(stage.at, 'select');
  const { select } = stage;
  const where = select.where ?? [];
  const metric = select.metric ?? card.defaultSelection.metric;
  const metricCard = rankableMetric(card, metric);
  const faults: Fault[] = [];

  if (metricCard === null) faults.push(notRankable(card, metric, joinPath(at, 'metric')));
  else if (isRead(stage, 'metric') && (select.rule !== 'manual' || select.metric !== undefined)) {
    faults.push(...contains(card, metricCard, metric, select.metric === undefined, joinPath(at, 'metric'), axes));
  }
  for (const [i, clause] of where.entries()) {
    const path = joinPath(at, 'where', i, 'metric');
    const clauseCard = rankableMetric(card, clause.metric);
    if (clauseCard === null) faults.push(notRankable(card, clause.metric, path));
    else faults.push(...contains(card, clauseCard, clause.metric, false, path, axes));
  }
  if (select.minActive !== undefined && metricCard !== null) {
    const metrics = [metricCard, ...where.map((clause) => rankableMetric(card, clause.metric))];
    if (!metrics.some((each) => each !== null && 'ineligible' in each)) {
      const message = `${metric} does not ask how many latents are active`;
      faults.push({
        path: joinPath(at, 'minActive'),
        message,
        given: select.minActive,
        allowed: 'absent with this metric',
      });
    }
  }
  if (!isRead(stage, 'rule') || !isRead(stage, 'metric') || !isRead(stage, 'direction')) return { faults };

  const direction = resolveDirection(select, metric, metricCard, card);
  if ('fault' in direction) faults.push({ ...direction.fault, path: joinPath(at, direction.fault.path) });
  const rule = select.rule ?? ('fault' in direction ? 'min' : direction.direction);
  faults.push(...checkParameter(stage, rule, at, axes), ...checkTolerance(stage, rule, at));
  if (faults.length > 0 || 'fault' in direction) return { faults };
  return {
    rule: {
      rule,
      metric,
      direction: direction.direction,
      aggregate: select.aggregate ?? 'mean',
      parameter: select.parameter,
      tolerance: select.tolerance,
      minActive: select.minActive,
      allowPartial: select.allowPartial ?? false,
      where,
    },
  };
}

/** False where a key of select is there and cannot be read: nothing can be said of what depends on it. */
function isRead({ raw, select }: StageDraft, key: keyof SelectSpec): boolean {
  if (!isPlainObject(raw['select'])) return !Object.hasOwn(raw, 'select');
  return select[key] !== undefined || !Object.hasOwn(raw['select'], key);
}

/** From the rule, else as given, else the metric's own, else the model's for its default metric. */
function resolveDirection(
  { rule, direction: given }: StageDraft['select'],
  metric: string,
  metricCard: MetricCard | null,
  card: ModelCard,
): { direction: Direction } | { fault: Fault } {
  const own =
    metricCard?.direction ?? (metric === card.defaultSelection.metric ? card.defaultSelection.direction : null);
  const stated = rule === 'min' || rule === 'max' ? rule : given;
  if (stated !== undefined && given !== undefined && stated !== given) {
    const message = `contradicts rule ${stated}`;
    return { fault: { path: 'direction', message, given, allowed: `${stated}, or absent` } };
  }
  if (stated !== undefined && own !== null && stated !== own) {
    const path = given === undefined ? 'rule' : 'direction';
    const message = `${metric} is better when ${own === 'min' ? 'lower' : 'higher'}`;
    return { fault: { path, message, given: stated, allowed: own } };
  }
  const direction = stated ?? own;
  if (direction !== null) return { direction };
  const message = metricCard === null ? 'is missing' : `is missing, and ${metric} does not say where better lies`;
  // Of an unknown metric the direction cannot be asked for.
  return metricCard === null ? { direction: 'min' } : { fault: { path: 'direction', message, allowed: 'min or max' } };
}

function notRankable(card: ModelCard, metric: string, path: string): Fault {
  const legal = rankableMetrics(card);
  const parsed = parseMetricName(metric);
  const known = card.metrics.find(({ name }) => name === (parsed?.name ?? metric));
  const message =
    known === undefined
      ? `${card.name} has no metric ${metric}${suggestion(metric, legal)}`
      : !known.summary
        ? `${known.name} is not in a run's summary, and only summaries rank`
        : parsed === null
          ? `lacks its split, as ${known.splits[0] ?? 'val'}.${known.name}`
          : `${known.name} is not taken on the ${parsed.split} split`;
  return { path, message, given: shortGiven(metric), allowed: oneOf(legal) };
}

/** Values of a metric that a varied parameter enters say nothing about which value of the parameter is better. */
function contains(
  card: ModelCard,
  metricCard: MetricCard,
  metric: string,
  byDefault: boolean,
  path: string,
  axes: readonly Axis[],
): Fault[] {
  const varied = new Set(axes.flatMap(({ key }) => [key, rootOf(key)]));
  const entering = metricCard.contains.filter((name) => varied.has(name));
  if (entering.length === 0) return [];
  const comparable = rankableMetrics(card).filter((full) => {
    const other = rankableMetric(card, full);
    return other !== null && !other.contains.some((name) => varied.has(name));
  });
  const message = `${metric} contains ${entering.join(' and ')}, which this stage varies: its values cannot be compared`;
  const allowed = comparable.length === 0 ? 'a metric that contains nothing that is varied' : oneOf(comparable);
  return byDefault
    ? [{ path, message: `is missing, and the model's default will not do: ${message}`, allowed }]
    : [{ path, message, given: metric, allowed }];
}

function checkParameter(stage: StageDraft, rule: SelectRule['rule'], at: string, axes: readonly Axis[]): Fault[] {
  const { parameter } = stage.select;
  const path = joinPath(at, 'parameter');
  const keys = [...new Set(axes.map(({ key }) => key))];
  const numeric = keys.filter((key) => axes.every((axis) => axis.key !== key || isNumeric(axis)));
  const allowed =
    numeric.length === 0 ? 'a numeric parameter that this stage varies, and there is none' : oneOf(numeric);
  if (!WALKS.includes(rule)) {
    if (parameter === undefined) return [];
    return [{ path, message: `has no meaning with rule ${rule}`, given: parameter, allowed: 'absent with this rule' }];
  }
  if (parameter === undefined) {
    return !isRead(stage, 'parameter') ? [] : [{ path, message: `is missing: ${rule} walks its values`, allowed }];
  }
  const axis = axes.find(({ key }) => key === parameter);
  if (axis === undefined) {
    if (!stage.spaceRead) return [];
    const message = `is not varied by this stage${suggestion(parameter, keys)}`;
    return [{ path, message, given: parameter, allowed }];
  }
  if (!isNumeric(axis))
    return [{ path, message: `the values of ${parameter} are not all numbers`, given: parameter, allowed }];
  const few = rule === 'knee' && (axis.draw === null || 'choice' in axis.draw) && new Set(axis.values).size < 3;
  if (!few) return [];
  return [{ path, message: 'a knee needs 3 values', given: parameter, allowed: 'a parameter with at least 3 values' }];
}

const isNumeric = ({ values }: Axis): boolean => values.every((value) => typeof value === 'number');

function checkTolerance(stage: StageDraft, rule: SelectRule['rule'], at: string): Fault[] {
  const { tolerance } = stage.select;
  const path = joinPath(at, 'tolerance');
  if (WITHIN.includes(rule)) {
    if (tolerance !== undefined || !isRead(stage, 'tolerance')) return [];
    return [{ path, message: `is missing: ${rule} needs it`, allowed: legalWords(SelectSchema.shape.tolerance) }];
  }
  if (tolerance === undefined) return [];
  return [{ path, message: `has no meaning with rule ${rule}`, given: tolerance, allowed: 'absent with this rule' }];
}
