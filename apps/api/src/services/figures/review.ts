import { brief, REVIEW_POLICY, type ReviewCandidate, type ReviewSheet, valueText } from '@trawl/figures/renderer';
import { type ArtifactView, metricName, type RankedCell, SPLITS } from '@trawl/spec';
import type { StageRow } from '@trawl/store';
import { ProblemError } from '../../problems.js';
import { stageNamed } from '../stages.js';
import { Drawings } from './cache.js';
import { countWords, metricCard, rankedBy, type StageData } from './cells.js';
import { curvesOfRuns } from './curves.js';
import { bytesOf, evaluationOf } from './evaluation.js';
import { METRIC_TITLES, searchResults } from './searchResults.js';
import { drawOrRefuse, type Served } from './serve.js';
import { hasSucceeded, stageData, type SweepSubject } from './subjects.js';

/** More columns than that nobody compares; the best ranked are shown. */
const MOST_CANDIDATES = 16;
/** Beside the stage's own metric. */
const SHOWN = ['latent_correlation', 'active_units', 'label_r2', 'label_mse', 'loss_data_mse', 'loss_zu_tc'];

/** @throws ProblemError 404 for an unknown stage, 409 where no run of it has finished */
export async function reviewPage(
  subject: SweepSubject,
  name: string,
  ifNoneMatch: string | undefined,
  drawings: Drawings,
): Promise<Served> {
  const { services, stages, sweep } = subject;
  const stage = stageNamed(name, stages);
  const data = await stageData(stage, subject);
  if (!hasSucceeded(data)) {
    throw new ProblemError(
      'conflict',
      `There is nothing to review: no run of stage ${name}, which is ${stage.state}, has succeeded.`,
    );
  }
  const ranked = rankedBy(data, data.criterion.metric).toSorted(
    (a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || 0,
  );
  const shown = ranked.slice(0, MOST_CANDIDATES);
  const files = new Map<string, ArtifactView>();
  for (const { runId } of shown.flatMap(({ seeds }) => seeds)) {
    const artifact = await evaluationOf(runId, services);
    if (artifact !== null) files.set(runId, artifact);
  }
  const selected = sweep.stages.find((each) => each.name === name)?.selected ?? null;
  const search = await searchResults(subject, {}).catch(unlessProblem);
  const base = {
    title: `${sweep.name}: review of stage ${name}`,
    facts: factsOf(subject, data, selected),
    leftOut: ranked.length - shown.length,
    searchResults: search,
  };
  const candidates = shown.map((cell): Omit<ReviewCandidate, 'curves'> => ({
    cellId: cell.cellId,
    name: pointWords(cell),
    rank: cell.rank,
    badge: cell.cellId === selected?.cellId ? badgeOf(stage, selected) : null,
    why: cell.why,
    metrics: metricsOf(cell, data),
    runs: cell.seeds.map(({ seed, runId, value, why }) => ({
      seed,
      runId,
      value: value === null ? '–' : brief(Number(value)),
      why,
      evaluation: null,
    })),
    approve: stage.state === 'awaiting_review' ? approveCommand(sweep.id, name, cell) : null,
  }));
  const hash = Drawings.keyOf(['review', base, candidates, [...files].map(([runId, { sha256 }]) => [runId, sha256])]);
  const etag = `"${hash}"`;
  const headers = {
    etag,
    'content-type': 'text/html; charset=utf-8',
    'content-disposition': 'inline; filename="review.html"',
    'cache-control': 'private, no-cache',
    'content-security-policy': REVIEW_POLICY,
  };
  if (ifNoneMatch?.split(',').some((each) => each.trim().replace(/^W\//, '') === etag))
    return { status: 304, headers, bytes: null };
  const load = async () => {
    const filled: ReviewCandidate[] = [];
    for (const candidate of candidates) {
      const runs: ReviewCandidate['runs'] = [];
      for (const run of candidate.runs) {
        const artifact = files.get(run.runId);
        runs.push({ ...run, evaluation: artifact === undefined ? null : await bytesOf(artifact, services) });
      }
      filled.push({
        ...candidate,
        runs,
        curves: await curvesOfRuns(candidate.name, runs, data.criterion.card, services.store),
      });
    }
    const sheet: ReviewSheet = { ...base, candidates: filled };
    return { review: sheet };
  };
  return { status: 200, headers, bytes: await drawOrRefuse(() => drawings.draw(hash, load)) };
}

function unlessProblem(error: unknown): null {
  if (error instanceof ProblemError) return null;
  throw error;
}

const pointWords = ({ point }: RankedCell): string => {
  const words = Object.entries(point).map(([name, value]) => `${name} = ${valueText(value)}`);
  return words.length === 0 ? 'the only cell' : words.join(', ');
};

/** Until somebody decides, the selection is what the rule suggests. */
const badgeOf = ({ state }: StageRow, { decidedBy }: { decidedBy: string }): string =>
  state !== 'done' || decidedBy === 'rule' ? 'the rule’s choice' : `chosen by ${decidedBy}`;

/** Ids and names of stages are plain words in a shell. */
const approveCommand = (sweepId: string, stage: string, { cellId }: RankedCell): string =>
  `trawl approve ${sweepId} ${stage} --cell ${cellId} --why "..."`;

function factsOf(
  { sweep }: SweepSubject,
  data: StageData,
  selected: { why: string; decidedBy: string } | null,
): [string, string][] {
  const { stage, criterion } = data;
  const better = criterion.direction === 'min' ? 'lower is better' : 'higher is better';
  const facts: [string, string][] = [
    ['sweep', sweep.id],
    ['model', stage.plan.model],
    ['stage', `${stage.name}, ${stage.state.replace('_', ' ')}`],
    ['runs', countWords(data)],
    ['ranked by', `${criterion.metric}, ${better}`],
  ];
  if (stage.reason !== null) facts.push(['waits because', stage.reason]);
  if (selected !== null) {
    // Until somebody decides it is the rule's suggestion.
    const who = stage.state === 'done' ? `decided by ${selected.decidedBy}` : 'the rule would take';
    facts.push([who, selected.why]);
  }
  return facts;
}

function metricsOf(cell: RankedCell, data: StageData): ReviewCandidate['metrics'] {
  const { card, metric } = data.criterion;
  const names = SHOWN.flatMap((name) => {
    const splits = card.metrics.find((each) => each.name === name && each.summary)?.splits ?? [];
    const split = splits.includes('val') ? 'val' : SPLITS.find((each) => splits.includes(each));
    return split === undefined ? [] : [metricName(split, name)];
  });
  return [...new Set([metric, ...names])].map((full) => {
    const score = rankedBy(data, full).find(({ cellId }) => cellId === cell.cellId)?.score;
    const [split = '', name = ''] = full.split('.', 2);
    const unit = metricCard(card, full)?.unit ?? '';
    return {
      name: `${METRIC_TITLES[name] ?? name.replaceAll('_', ' ')} (${split}; ${unit})`,
      value: score?.mean === undefined || score.mean === null ? '–' : brief(Number(score.mean)),
      interval: score?.interval ? `${brief(Number(score.interval[0]))} … ${brief(Number(score.interval[1]))}` : '–',
      n: String(score?.n ?? 0),
    };
  });
}
