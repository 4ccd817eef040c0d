import { EVALUATION_FILE, PARTICLES_FILE, ROLLOUT_FILE } from '@trawl/spec';
import { ProblemError } from '../../problems.js';
import { runCurvesKind, runWords } from './curves.js';
import { bytesOf, epochsOf, evaluationOf } from './evaluation.js';
import type { FigureKind, FigureOptions, Prepared, Unformatted } from './kinds.js';
import type { RunSubject } from './subjects.js';

/** What is drawn of the arrays that a run left at its end. */
function evaluated(
  about: Pick<FigureKind<RunSubject>, 'name' | 'title' | 'description' | 'kind' | 'options'>,
  jobOf: (words: { title: string; subtitle: string }, evaluation: Uint8Array, options: FigureOptions) => Unformatted,
  file: string = EVALUATION_FILE,
): FigureKind<RunSubject> {
  return {
    ...about,
    prepare: async ({ run, services }, options): Promise<Prepared> => {
      const artifact = await evaluationOf(run.id, services, file);
      if (artifact === null) {
        const why =
          run.state === 'succeeded' ? `its model (${run.model}) or its version left none` : `the run is ${run.state}`;
        throw new ProblemError('conflict', `There is nothing to draw: the run has no ${file}; ${why}.`);
      }
      const words = await runWords({ run, services });
      const best = run.summary['val.best_epoch'];
      const subtitle = best === undefined ? words.subtitle : `${words.subtitle} · best model, epoch ${best}`;
      return {
        key: [about.name, words.title, subtitle, artifact.sha256, options],
        load: async () => jobOf({ title: words.title, subtitle }, await bytesOf(artifact, services), options),
      };
    },
  };
}

export const RUN_FIGURES: readonly FigureKind<RunSubject>[] = [
  runCurvesKind,
  evaluated(
    {
      name: 'label-reconstructions',
      title: 'Label reconstructions',
      description: 'True and predicted labels of held-out trials, gaps where masked, with R2',
      kind: 'figure',
      options: ['trials'],
    },
    (words, evaluation, { trials }) => ({
      figure: 'label-reconstructions',
      data: { ...words, evaluation, trials: trials ?? null },
    }),
  ),
  evaluated(
    {
      name: 'latent-correlation',
      title: 'Latent correlation',
      description: 'Pearson r of all pairs of unsupervised latents, training split',
      kind: 'figure',
      options: [],
    },
    (words, evaluation) => ({ figure: 'latent-correlation', data: { ...words, evaluation } }),
  ),
  evaluated(
    {
      name: 'traversals',
      title: 'Latent traversals',
      description: 'Decoded frames along each latent from one base frame, with their difference from the first',
      kind: 'figure',
      options: ['base'],
    },
    (words, evaluation, { base = 0 }) => ({ figure: 'traversals', data: { ...words, evaluation, base } }),
  ),
  evaluated(
    {
      name: 'traversal-movie',
      title: 'Latent traversals, moving',
      description: 'All latents at once, up and down their ranges, from one base frame or from all one after another',
      kind: 'movie',
      options: ['base'],
    },
    (words, evaluation, { base }) => ({
      movie: 'traversal-movie',
      data: { ...words, evaluation, bases: base === undefined ? null : [base] },
    }),
  ),
  evaluated(
    {
      name: 'particles',
      title: 'Particles',
      description:
        'Of a model of particles: the first validation images with keypoints and boxes, reconstructed, and split into particles, masks and background',
      kind: 'figure',
      options: [],
    },
    (words, particles) => ({ figure: 'particles', data: { ...words, particles } }),
    PARTICLES_FILE,
  ),
  evaluated(
    {
      name: 'glimpses',
      title: 'Glimpses',
      description: 'The particles of one validation image, one by one: glimpse, decoded, alpha, mask, attributes',
      kind: 'figure',
      options: ['base'],
    },
    (words, particles, { base = 0 }) => ({ figure: 'glimpses', data: { ...words, particles, base } }),
    PARTICLES_FILE,
  ),
  {
    name: 'particles-by-epoch',
    title: 'Particles, epoch by epoch',
    description: 'What the weights after 1, 2, 4, 8, ... epochs make of the same images; while a run trains, too',
    kind: 'figure',
    options: [],
    prepare: async ({ run, services }): Promise<Prepared> => {
      const epochs = await epochsOf(run.id, services);
      if (epochs.length === 0) {
        const why =
          run.epoch === null ? `the run is ${run.state}` : `its model (${run.model}) leaves nothing of epochs`;
        throw new ProblemError('conflict', `There is nothing to draw: ${why}.`);
      }
      const words = await runWords({ run, services });
      return {
        key: ['particles-by-epoch', words, epochs.map(({ epoch, artifact }) => [epoch, artifact.sha256])],
        load: async () => ({
          figure: 'particles-by-epoch',
          data: {
            ...words,
            epochs: await Promise.all(
              epochs.map(async ({ epoch, artifact }) => ({ epoch, particles: await bytesOf(artifact, services) })),
            ),
          },
        }),
      };
    },
  },
  evaluated(
    {
      name: 'rollout-movie',
      title: 'Rollouts, moving',
      description:
        'Validation clips beside what ddlp makes of their first frames: given frames reconstructed, then predicted',
      kind: 'movie',
      options: ['base'],
    },
    (words, rollout, { base }) => ({
      movie: 'rollout-movie',
      data: { ...words, rollout, clips: base === undefined ? null : [base] },
    }),
    ROLLOUT_FILE,
  ),
];
