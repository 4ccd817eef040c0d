import { assertBase, type Evaluation, part, size } from '../data/evaluation.js';
import { type Image, imageOf } from '../data/image.js';
import { brief } from '../draw/numbers.js';
import type { Movie, MoviePanel } from './movie.js';

/** All latents of one run at once, from every base frame after another (BehaveNet's make_latent_traversal_movie). */
export interface TraversalMovie {
  title: string;
  subtitle: string;
  evaluation: Evaluation;
  /** Base frames, from 0; null: all. */
  bases: number[] | null;
}

export function traversalMovie({ title, subtitle, evaluation, bases }: TraversalMovie): Movie {
  const chosen = bases ?? [...Array(size(evaluation.base_frames, 0)).keys()];
  for (const base of chosen.length === 0 ? [0] : chosen) assertBase(evaluation, base);
  const latents = size(evaluation.traversal_values, 0);
  return {
    title,
    subtitle,
    scenes: chosen.map((base) => baseName(evaluation, base)),
    columns: latents <= 3 ? latents : Math.min(5, Math.ceil(Math.sqrt(latents * 1.5))),
    panels: [...Array(latents).keys()].map((latent) => panelOf(evaluation, latent, chosen)),
  };
}

/** The same base frame through several models side by side: a column each, a row for each latent. */
export interface ComparisonMovie {
  title: string;
  subtitle: string;
  candidates: { name: string; evaluation: Evaluation }[];
  base: number;
  latents: 'unsupervised' | 'all';
}

export function comparisonMovie({ title, subtitle, candidates, base, latents }: ComparisonMovie): Movie {
  const [first] = candidates;
  for (const { evaluation } of candidates) assertBase(evaluation, base);
  const rows = candidates.map(({ evaluation }) => latentsOf(evaluation, latents));
  const most = Math.max(0, ...rows.map((row) => row.length));
  return {
    title,
    subtitle,
    scenes: [first === undefined ? '' : baseName(first.evaluation, base)],
    columns: Math.max(1, candidates.length),
    panels: Array.from({ length: most }, (_, row) =>
      candidates.map(({ name, evaluation }, i) => {
        const latent = rows[i]?.[row];
        if (latent === undefined) return { title: name, low: '', high: '', scenes: [[]] };
        const panel = panelOf(evaluation, latent, [base]);
        return { ...panel, title: `${name} · ${panel.title}` };
      }),
    ).flat(),
  };
}

/** Indices of the latents that a person judges: those that no label explains. */
export function latentsOf({ names, traversal_values }: Evaluation, which: 'unsupervised' | 'all'): number[] {
  const all = [...Array(size(traversal_values, 0)).keys()];
  return which === 'all' ? all : all.slice(names.supervised, names.supervised + names.unsupervised);
}

export function baseName({ base_frame_at }: Evaluation, base: number): string {
  const [trial, frame] = part(base_frame_at, base);
  return `base frame ${base + 1}: trial ${trial ?? '?'}, frame ${frame ?? '?'}`;
}

function panelOf(evaluation: Evaluation, latent: number, bases: readonly number[]): MoviePanel {
  const values = part(evaluation.traversal_values, latent);
  return {
    title: evaluation.names.latents[latent] ?? `latent ${latent + 1}`,
    low: brief(values[0] ?? Number.NaN),
    high: brief(values.at(-1) ?? Number.NaN),
    scenes: bases.map((base) => framesAlong(evaluation, base, latent)),
  };
}

/** Decoded frames along a latent, low end first. */
export function framesAlong(evaluation: Evaluation, base: number, latent: number): Image[] {
  const frames = evaluation.traversal_frames;
  const [height = 1, width = 1, channels = 1] = frames.shape.slice(3);
  return Array.from({ length: size(frames, 2) }, (_, step) =>
    imageOf(part(frames, base, latent, step), height, width, channels),
  );
}
