import { EPOCH_PARTICLES } from '@trawl/spec';
import { readEvaluation } from './data/evaluation.js';
import { readParticles, readSome } from './data/particles.js';
import { readRollout } from './data/rollout.js';
import type { FigureFormat, MovieFormat } from './formats.js';
import { compose } from './movies/compose.js';
import { videoOf } from './movies/ffmpeg.js';
import { gifOf } from './movies/gif.js';
import type { Movie } from './movies/movie.js';
import { rolloutMovie, type RolloutMovie } from './movies/rollout.js';
import { comparisonMovie, type ComparisonMovie, traversalMovie, type TraversalMovie } from './movies/traversals.js';
import { glimpsePlate, type GlimpsePlate } from './plots/glimpsePlate.js';
import { labelReconstructions, type LabelReconstructions } from './plots/labelReconstructions.js';
import { latentCorrelation, type LatentCorrelation } from './plots/latentCorrelation.js';
import { metricHeatmap, type MetricHeatmap } from './plots/metricHeatmap.js';
import { particleEpochs, type ParticleEpochs } from './plots/particleEpochs.js';
import { particlePlate, type ParticlePlate } from './plots/particlePlate.js';
import { searchResults, type SearchResults } from './plots/searchResults.js';
import { trainingCurves, type TrainingCurves } from './plots/trainingCurves.js';
import { traversalPlate, type TraversalPlate } from './plots/traversalPlate.js';
import { toPng } from './render/png.js';
import { reviewSheet, type ReviewSheet } from './review/sheet.js';

/** With the bytes of evaluation.npz where the figure takes what is in it. */
export type Filed<T> = Omit<T, 'evaluation'> & { evaluation: Uint8Array };
export type FiledCandidates<T extends { candidates: { evaluation: unknown }[] }> = Omit<T, 'candidates'> & {
  candidates: Filed<T['candidates'][number]>[];
};

/** With the bytes of particles.npz. */
export type Particled<T> = Omit<T, 'particles'> & { particles: Uint8Array };
/** With the bytes of each epoch's file. */
export type FiledEpochs = Omit<ParticleEpochs, 'epochs'> & { epochs: Particled<ParticleEpochs['epochs'][number]>[] };

/** With the bytes of rollout.npz. */
export type FiledRollout = Omit<RolloutMovie, 'rollout'> & { rollout: Uint8Array };

export type FigureData =
  | { figure: 'search-results'; data: SearchResults }
  | { figure: 'training-curves'; data: TrainingCurves }
  | { figure: 'heatmap'; data: MetricHeatmap }
  | { figure: 'label-reconstructions'; data: Filed<LabelReconstructions> }
  | { figure: 'latent-correlation'; data: Filed<LatentCorrelation> }
  | { figure: 'traversals'; data: Filed<TraversalPlate> }
  | { figure: 'particles'; data: Particled<ParticlePlate> }
  | { figure: 'glimpses'; data: Particled<GlimpsePlate> }
  | { figure: 'particles-by-epoch'; data: FiledEpochs };

export type MovieData =
  | { movie: 'traversal-movie'; data: Filed<TraversalMovie> }
  | { movie: 'comparison-movie'; data: FiledCandidates<ComparisonMovie> }
  | { movie: 'rollout-movie'; data: FiledRollout };

/** One thing to draw: plain data, so that it can be sent to another thread. */
export type Job =
  | (FigureData & { format: FigureFormat })
  | (MovieData & { format: MovieFormat })
  | { review: ReviewSheet };

/** @throws FigureFault where an option is not in the data; Error where a file is not what it should be, or ffmpeg fails */
export async function runJob(job: Job): Promise<Uint8Array> {
  if ('review' in job) return Buffer.from(reviewSheet(job.review));
  if ('movie' in job) {
    const film = await compose(movieOf(job));
    return job.format === 'gif' ? gifOf(film) : videoOf(film, job.format);
  }
  const svg = svgOf(job);
  return job.format === 'svg' ? Buffer.from(svg) : toPng(svg);
}

export function svgOf(job: FigureData): string {
  switch (job.figure) {
    case 'search-results':
      return searchResults(job.data);
    case 'training-curves':
      return trainingCurves(job.data);
    case 'heatmap':
      return metricHeatmap(job.data);
    case 'label-reconstructions':
      return labelReconstructions(opened(job.data));
    case 'latent-correlation':
      return latentCorrelation(opened(job.data));
    case 'traversals':
      return traversalPlate(opened(job.data));
    case 'particles':
      return particlePlate({ ...job.data, particles: readParticles(job.data.particles) });
    case 'glimpses':
      return glimpsePlate({ ...job.data, particles: readParticles(job.data.particles) });
    case 'particles-by-epoch':
      return particleEpochs({
        ...job.data,
        epochs: job.data.epochs.map(({ epoch, particles }) => ({
          epoch,
          particles: readSome(particles, EPOCH_PARTICLES.arrays),
        })),
      });
    default:
      return job satisfies never;
  }
}

function movieOf(job: MovieData): Movie {
  switch (job.movie) {
    case 'traversal-movie':
      return traversalMovie(opened(job.data));
    case 'comparison-movie':
      return comparisonMovie({ ...job.data, candidates: job.data.candidates.map(opened) });
    case 'rollout-movie':
      return rolloutMovie({ ...job.data, rollout: readRollout(job.data.rollout) });
    default:
      return job satisfies never;
  }
}

const opened = <T extends { evaluation: Uint8Array }>(data: T) => ({
  ...data,
  evaluation: readEvaluation(data.evaluation),
});
