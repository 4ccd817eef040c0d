import { createHash } from 'node:crypto';
import { type Evaluation, readEvaluation, size } from '../data/evaluation.js';
import { type Image, pngOf } from '../data/image.js';
import { baseName, framesAlong, latentsOf } from '../movies/traversals.js';
import { labelReconstructions } from '../plots/labelReconstructions.js';
import { latentCorrelation } from '../plots/latentCorrelation.js';
import { searchResults, type SearchResults } from '../plots/searchResults.js';
import { trainingCurves, type TrainingCurves } from '../plots/trainingCurves.js';
import { reviewClient } from './client.js';
import { escapeHtml, figureImage, table } from './html.js';
import { STYLE } from './style.js';

/** One seed of a candidate. */
export interface ReviewRun {
  seed: number;
  runId: string;
  /** As the ranking reads it, in words. */
  value: string;
  /** Why it does not count; null: it does. */
  why: string | null;
  /** Bytes of its evaluation.npz; null where it left none. */
  evaluation: Uint8Array | null;
}

/** One cell that a person may choose. */
export interface ReviewCandidate {
  cellId: string;
  /** As `beta = 5`. */
  name: string;
  rank: number | null;
  /** Said beside its name, as that the rule would take it; null: nothing. */
  badge: string | null;
  /** Why it has no rank; null: it has. */
  why: string | null;
  /** Metrics over its seeds: name, mean, interval and n in words. */
  metrics: { name: string; value: string; interval: string; n: string }[];
  runs: ReviewRun[];
  /** The shell command that chooses it; null where the stage does not wait for anybody. */
  approve: string | null;
  curves: TrainingCurves | null;
}

/** All that a person needs to choose between the cells of a stage, in one file. */
export interface ReviewSheet {
  title: string;
  /** Facts about the stage: a name and what it is, each. */
  facts: [string, string][];
  candidates: ReviewCandidate[];
  /** Cells that are not on the sheet. */
  leftOut: number;
  searchResults: SearchResults | null;
}

/** Decoded pixels that a sheet may hold: a browser has to open it. */
const MOST_PIXELS = 96_000_000;

/** What the page's script plays: for every candidate, seed and base frame a sprite of latents (down) by steps (across). */
export interface ReviewData {
  steps: number;
  width: number;
  height: number;
  bases: string[];
  candidates: {
    name: string;
    latents: string[];
    /** How many of the latents, from the first, have no label; the rest follow. */
    unsupervised: number;
    seeds: { name: string; sprites: string[] }[];
  }[];
}

/** HTML without any reference to elsewhere; its content security policy allows nothing but what is in it. */
/** `mostPixels` is the budget of the traversals. */
export function reviewSheet(sheet: ReviewSheet, mostPixels = MOST_PIXELS): string {
  const read = sheet.candidates.map((candidate) => ({
    candidate,
    runs: candidate.runs.flatMap((run) =>
      run.evaluation === null ? [] : [{ run, evaluation: readEvaluation(run.evaluation) }],
    ),
  }));
  const { data, notes } = playable(read, mostPixels);
  const script = `(${reviewClient.toString()})();`;
  const policy = `default-src 'none'; img-src data:; style-src '${digest(STYLE)}'; script-src '${digest(script)}'; base-uri 'none'; form-action 'none'`;
  const json = JSON.stringify(data).replaceAll('<', String.raw`\u003c`);
  const columns = read.map(({ candidate, runs }, i) => column(candidate, runs, i)).join('\n');
  const search =
    sheet.searchResults === null
      ? ''
      : `<section><h2>Search results</h2>${figureImage(searchResults(sheet.searchResults), 'Metrics by parameter')}</section>`;
  const left =
    sheet.leftOut === 0 ? '' : `<p class="note">${sheet.leftOut} more cells, ranked lower, are not on this sheet.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(sheet.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(sheet.title)}</h1>
<dl class="facts">${sheet.facts.map(([name, what]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(what)}</dd></div>`).join('')}</dl>
</header>
<div class="controls" id="controls">
<button id="play" type="button">Pause</button>
<label>step <input id="step" type="range" min="0" max="${Math.max(0, data.steps - 1)}" value="0"></label><output id="where"></output>
<label>base frame <select id="base"></select></label>
<label><input id="labels" type="checkbox"> latents of labels too</label>
<span class="keys">space: play or pause · ← →: step · b: next base frame · l: latents of labels</span>
</div>
${notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('')}${left}
<main>${columns}</main>
${search}
${read.map(({ candidate, runs }) => details(candidate, runs)).join('\n')}
<script type="application/json" id="data">${json}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** What a content security policy calls a text by. */
const digest = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** Larger matrices stand among the details alone. */
const MATRIX_IN_COLUMN = 6;

interface ReadRun {
  run: ReviewRun;
  evaluation: Evaluation;
}

function column(candidate: ReviewCandidate, runs: readonly ReadRun[], i: number): string {
  const { name, rank, why, metrics, approve } = candidate;
  const badge = candidate.badge === null ? '' : `<span class="badge">${escapeHtml(candidate.badge)}</span>`;
  const place = rank === null ? `no rank: ${escapeHtml(why ?? '')}` : `rank ${rank}`;
  const scores = table(
    ['metric', 'mean', '95 % interval', 'n'],
    metrics.map((metric) => [metric.name, metric.value, metric.interval, metric.n]),
    'scores',
  );
  const seeds = table(
    ['seed', 'value', ''],
    candidate.runs.map((run) => [String(run.seed), run.value, run.why ?? '']),
    'seeds',
  );
  const matrices = runs
    .filter(
      ({ evaluation }) => size(evaluation.correlation, 0) >= 2 && size(evaluation.correlation, 0) <= MATRIX_IN_COLUMN,
    )
    .map(({ run, evaluation }) => `<div><p class="note">seed ${run.seed}</p>${matrix(evaluation)}</div>`);
  return `<article data-candidate="${i}">
<h2>${escapeHtml(name)} ${badge}</h2>
<p class="rank">${place}</p>
<div class="stage" data-stage="${i}">${runs.length === 0 ? '<p class="note">No run of this cell has left traversals.</p>' : ''}</div>
<h3>Scores</h3>
${scores}
<h3>Seeds</h3>
${seeds}
${matrices.length === 0 ? '' : `<h3>Correlation of latents (r)</h3><div class="matrices">${matrices.join('')}</div>`}
${approve === null ? '' : `<h3>Choose it</h3><pre class="command">${escapeHtml(approve)}</pre>`}
</article>`;
}

/** As figures, which need more room than a column has; of the first seed that left them. */
function details({ name, curves }: ReviewCandidate, [first]: readonly ReadRun[]): string {
  const figures: string[] = [];
  if (first !== undefined) {
    const { run, evaluation } = first;
    const words = { title: name, subtitle: `seed ${run.seed}`, evaluation };
    if (evaluation.names.labels.length > 0) {
      figures.push(
        figureImage(labelReconstructions({ ...words, trials: null }), `${name}: labels, true and predicted`),
      );
    }
    if (size(evaluation.correlation, 0) > MATRIX_IN_COLUMN) {
      figures.push(figureImage(latentCorrelation(words), `${name}: correlation of latents`));
    }
  }
  if (curves !== null) figures.unshift(figureImage(trainingCurves(curves), `${name}: training curves`));
  return figures.length === 0
    ? ''
    : `<section><h2>${escapeHtml(name)}</h2><div class="details">${figures.join('')}</div></section>`;
}

const matrixCell = (r: number): string =>
  Number.isFinite(r)
    ? `<td class="r${Math.min(9, Math.floor(Math.abs(r) * 10))}">${r.toFixed(2).replace('-', '−')}</td>`
    : '<td>NaN</td>';

/** Shades by |r|, as classes: the page's policy knows no style attributes. */
function matrix({ correlation }: Evaluation): string {
  const n = size(correlation, 0);
  const row = (a: number): string =>
    `<tr>${Array.from({ length: n }, (_, b) => matrixCell(correlation.data[a * n + b] ?? Number.NaN)).join('')}</tr>`;
  return `<table class="matrix"><tbody>${Array.from({ length: n }, (_, a) => row(a)).join('')}</tbody></table>`;
}

function playable(
  read: readonly { candidate: ReviewCandidate; runs: readonly ReadRun[] }[],
  mostPixels: number,
): {
  data: ReviewData;
  notes: string[];
} {
  const one = read.flatMap(({ runs }) => runs)[0]?.evaluation;
  const empty: ReviewData = { steps: 0, width: 1, height: 1, bases: [], candidates: [] };
  if (one === undefined || size(one.traversal_frames, 0) === 0) {
    return {
      data: {
        ...empty,
        candidates: read.map(({ candidate: { name } }) => ({ name, latents: [], unsupervised: 0, seeds: [] })),
      },
      notes: [],
    };
  }
  const [bases = 1, latents = 1, steps = 1] = one.traversal_frames.shape;
  const pixels = size(one.traversal_frames, 3) * size(one.traversal_frames, 4) * size(one.traversal_frames, 5);
  const seeds = Math.max(1, ...read.map(({ runs }) => runs.length));
  const plan = { bases, seeds, all: true };
  const cost = (): number =>
    read.length * plan.seeds * plan.bases * (plan.all ? latents : one.names.unsupervised) * steps * pixels;
  const notes: string[] = [];
  while (plan.bases > 1 && cost() > mostPixels) plan.bases -= 1;
  if (cost() > mostPixels && one.names.unsupervised > 0) plan.all = false;
  while (plan.seeds > 1 && cost() > mostPixels) plan.seeds -= 1;
  if (plan.bases < bases) notes.push(`To keep the file small it shows ${plan.bases} of ${bases} base frames.`);
  if (!plan.all) notes.push('To keep the file small it leaves out the latents of labels.');
  if (plan.seeds < seeds)
    notes.push(`To keep the file small it shows the first ${plan.seeds} of up to ${seeds} seeds of a cell.`);
  const sample = framesAlong(one, 0, 0)[0];
  return {
    data: {
      steps,
      width: sample?.width ?? 1,
      height: sample?.height ?? 1,
      bases: Array.from({ length: plan.bases }, (_, base) => baseName(one, base)),
      candidates: read.map(({ candidate, runs }) => played(candidate.name, runs.slice(0, plan.seeds), plan)),
    },
    notes,
  };
}

function played(
  name: string,
  runs: readonly ReadRun[],
  plan: { bases: number; all: boolean },
): ReviewData['candidates'][number] {
  const [first] = runs;
  if (first === undefined) return { name, latents: [], unsupervised: 0, seeds: [] };
  const judged = latentsOf(first.evaluation, 'unsupervised');
  const rest = plan.all ? latentsOf(first.evaluation, 'all').filter((latent) => !judged.includes(latent)) : [];
  const order = [...judged, ...rest];
  return {
    name,
    latents: order.map((latent) => first.evaluation.names.latents[latent] ?? `latent ${latent + 1}`),
    unsupervised: judged.length,
    seeds: runs.map(({ run, evaluation }) => ({
      name: `seed ${run.seed}${run.why === null ? '' : ' (does not count)'}`,
      sprites: Array.from({ length: plan.bases }, (_, base) => sprite(evaluation, base, order)),
    })),
  };
}

/** A data: URL of one PNG: latents down, steps across. */
function sprite(evaluation: Evaluation, base: number, latents: readonly number[]): string {
  const rows = latents.map((latent) => framesAlong(evaluation, base, latent));
  const sample: Image = rows[0]?.[0] ?? { width: 1, height: 1, channels: 1, data: new Uint8Array(1) };
  const { width, height, channels } = sample;
  const across = (rows[0]?.length ?? 0) * width;
  const data = new Uint8Array(across * height * rows.length * channels);
  for (const [row, images] of rows.entries()) {
    for (const [step, image] of images.entries()) {
      for (let y = 0; y < height; y += 1) {
        const from = y * width * channels;
        data.set(
          image.data.subarray(from, from + width * channels),
          ((row * height + y) * across + step * width) * channels,
        );
      }
    }
  }
  const png = pngOf({ width: across, height: height * rows.length, channels, data });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
