import type { RankedCell, SelectRule } from '@trawl/spec';
import { comparePoints } from './order.js';
import { bestPerValue, inOrder } from './rankBy.js';
import { scoreOf } from './rank.js';
import { brief, count, pointWords } from './words.js';

/** A cell and why it was chosen, or why a person must choose. */
export type Selection = { cellId: string; why: string } | { cellId: null; why: string };

/**
 * Names a stage's best cell by its rule. `axes` are the varied keys in order: equal scores go to the smaller point.
 * Cells without rank never win; incomplete ones stop the selection unless `allowPartial`.
 */
export function selectCell(rule: SelectRule, ranked: readonly RankedCell[], axes: readonly string[]): Selection {
  if (rule.rule === 'manual') return none('the rule is manual: a person names the cell');
  const missing = ranked.filter(isIncomplete);
  const [firstMissing] = missing;
  if (!rule.allowPartial && firstMissing !== undefined) {
    const example = `${pointWords(firstMissing.point)}: ${firstMissing.why ?? ''}`;
    return none(
      `${missing.length} of ${count(ranked.length, 'cell')} incomplete (${example}); select.allowPartial is off`,
    );
  }
  const eligible = inRace(rule, ranked, axes);
  const [first] = eligible;
  if (first === undefined) return none(`no cell can be selected: ${ranked[0]?.why ?? 'the stage has no cells'}`);
  switch (rule.rule) {
    case 'min':
    case 'max': {
      const cells = count(eligible.length, 'cell');
      return chosen(first, `${extreme(rule)} (${brief(first.score)}) of ${cells}${leftOut(ranked, eligible)}`);
    }
    case 'smallest-within':
    case 'largest-within':
      return within(rule, eligible);
    case 'knee':
      return knee(rule, eligible);
    default:
      return rule.rule satisfies never;
  }
}

/** Ids of the cells that a refit runs again: the selected one, then the best ranked others; `top` in all. */
export function refitCells(ranked: readonly RankedCell[], selected: string, top: number): string[] {
  const others = inOrder(ranked).filter(({ rank, cellId }) => rank !== null && cellId !== selected);
  return [selected, ...others.map(({ cellId }) => cellId)].slice(0, top);
}

/** Without rank for want of runs, not for what its runs gave. */
function isIncomplete({ rank, ineligible, failed, finished, planned }: RankedCell): boolean {
  return rank === null && ineligible === 0 && (failed > 0 || finished < planned);
}

interface Entry {
  cell: RankedCell;
  score: number;
}

/** Cells that have a rank with the number that the rule goes by, best first. */
function inRace(rule: SelectRule, ranked: readonly RankedCell[], axes: readonly string[]): Entry[] {
  const entries = inOrder(ranked).flatMap((cell) => {
    const score = cell.rank === null ? null : scoreOf(cell.score, rule.aggregate);
    return score === null || !Number.isFinite(score) ? [] : [{ cell, score }];
  });
  const sign = rule.direction === 'min' ? 1 : -1;
  return entries.sort((a, b) => sign * (a.score - b.score) || comparePoints(a.cell.point, b.cell.point, axes));
}

/** Best cell of each value of the rule's parameter, from the smallest value up. */
function walk(rule: SelectRule, eligible: readonly Entry[]): { value: number; entry: Entry }[] {
  const scores = new Map(eligible.map((entry) => [entry.cell.cellId, entry]));
  const reranked = eligible.map(({ cell }, i) => ({ ...cell, rank: i + 1 }));
  return bestPerValue(reranked, rule.parameter ?? '').flatMap(({ value, cell }) => {
    const entry = scores.get(cell.cellId);
    return entry === undefined ? [] : [{ value, entry }];
  });
}

function within(rule: SelectRule, eligible: readonly Entry[]): Selection {
  const values = walk(rule, eligible);
  const best = values.find(({ entry }) => entry.cell.cellId === eligible[0]?.cell.cellId);
  if (best === undefined) return none(`no cell that can be selected has a number for ${rule.parameter ?? 'parameter'}`);
  const { factor, absolute = 0 } = rule.tolerance ?? {};
  const slack = factor === undefined ? absolute : (factor - 1) * Math.abs(best.entry.score);
  const limit = best.entry.score + (rule.direction === 'min' ? slack : -slack);
  // 1.1 x 0.3 is 0.33000000000000002: rounding decides nothing.
  const rounding = 1e-12 * Math.abs(limit);
  const good = values.filter(({ entry: { score } }) =>
    rule.direction === 'min' ? score <= limit + rounding : score >= limit - rounding,
  );
  const pick = (rule.rule === 'smallest-within' ? good[0] : good.at(-1)) ?? best;
  const size = rule.rule === 'smallest-within' ? 'smallest' : 'largest';
  const tolerance = factor === undefined ? `${absolute}` : `a factor of ${factor}`;
  return chosen(
    pick.entry,
    `${size} ${rule.parameter} (${pick.value}) whose ${what(rule)} (${brief(pick.entry.score)}) is within ` +
      `${tolerance} of the best (${brief(best.entry.score)} at ${best.value}), the best cell of each value`,
  );
}

/**
 * Kneedle (Satopää et al. 2011) without smoothing: the value whose best cell lies farthest beyond the chord from the
 * first value's to the last's, on the better side. Values stand at equal distances, so that a grid by factors and one
 * by steps are treated alike.
 */
function knee(rule: SelectRule, eligible: readonly Entry[]): Selection {
  const values = walk(rule, eligible);
  const first = values[0];
  const last = values.at(-1);
  if (first === undefined || last === undefined || values.length < 3) {
    return none(`a knee needs 3 values of ${rule.parameter ?? 'parameter'}; ${values.length} can be selected`);
  }
  const sign = rule.direction === 'min' ? 1 : -1;
  let pick = first;
  let farthest = 0;
  let size = 0;
  for (const [i, candidate] of values.entries()) {
    const part = i / (values.length - 1);
    const chord = first.entry.score * (1 - part) + last.entry.score * part;
    const beyond = sign * (chord - candidate.entry.score);
    size = Math.max(size, Math.abs(candidate.entry.score - first.entry.score));
    if (beyond > farthest) [pick, farthest] = [candidate, beyond];
  }
  if (farthest <= 1e-9 * size) return none(`${what(rule)} over ${rule.parameter} has no knee: it does not bend`);
  return chosen(
    pick.entry,
    `knee of ${what(rule)} over ${rule.parameter}: ${pick.value} (${brief(pick.entry.score)}) lies farthest beyond the ` +
      `line from ${first.value} to ${last.value}, the best cell of each value`,
  );
}

const what = ({ aggregate, metric }: SelectRule): string => `${aggregate} ${metric}`;
const extreme = (rule: SelectRule): string => `${rule.direction === 'min' ? 'lowest' : 'highest'} ${what(rule)}`;

function leftOut(ranked: readonly RankedCell[], eligible: readonly Entry[]): string {
  const rest = ranked.length - eligible.length;
  return rest === 0 ? '' : `; ${rest} more cannot be selected`;
}

const chosen = ({ cell }: Entry, why: string): Selection => ({ cellId: cell.cellId, why });
const none = (why: string): Selection => ({ cellId: null, why });
