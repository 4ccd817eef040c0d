import { valueText } from '@trawl/figures/renderer';
import { rankBy } from '@trawl/search';
import { type ArtifactView, EVALUATION_FILE } from '@trawl/spec';
import { parameterProblem, ProblemError } from '../../problems.js';
import { countWords, rankedBy } from './cells.js';
import { bytesOf, evaluationOf } from './evaluation.js';
import type { FigureKind } from './kinds.js';
import { stageWithRuns, type SweepSubject } from './subjects.js';

/** More columns than that cannot be told apart on a screen. */
const MOST = 8;

/** What the guide's last step asks a person to judge. */
export const comparisonKind: FigureKind<SweepSubject> = {
  name: 'comparison-movie',
  title: 'Traversals side by side',
  description: `The same base frame along each latent, for every value of a parameter (beta where it varies; the best cell of each value, at most ${MOST})`,
  kind: 'movie',
  options: ['stage', 'by', 'base', 'latents', 'seed'],
  prepare: async (subject, { stage, by: wanted, base = 0, latents = 'unsupervised', seed }) => {
    const { sweep, services } = subject;
    const data = await stageWithRuns(stage, subject);
    const { axes, metric } = data.criterion;
    const by = wanted ?? (axes.includes('beta') ? 'beta' : axes[0]);
    if (by === undefined)
      throw new ProblemError('conflict', `Stage ${data.stage.name} varies no parameter: there is nothing to compare.`);
    if (!axes.includes(by)) throw parameterProblem('by', 'the stage does not vary it', by, axes.join(', '));
    const cells = rankBy(rankedBy(data, metric), by).toSorted((a, b) => Number(a.point[by]) - Number(b.point[by]) || 0);
    const shown: { name: string; artifact: ArtifactView }[] = [];
    const lacking: string[] = [];
    for (const cell of cells.slice(0, MOST)) {
      const name = `${by} = ${valueText(cell.point[by])}`;
      const runs = cell.seeds.filter(
        (each) => each.state === 'succeeded' && (seed === undefined || each.seed === seed),
      );
      const [run] = runs.toSorted((a, b) => a.seed - b.seed);
      const artifact = run === undefined ? null : await evaluationOf(run.runId, services);
      if (run === undefined || artifact === null) lacking.push(name);
      else shown.push({ name: `${name}, seed ${run.seed}`, artifact });
    }
    if (shown.length === 0) {
      throw new ProblemError(
        'conflict',
        `There is nothing to draw: no run of stage ${data.stage.name}${seed === undefined ? '' : ` with seed ${seed}`} has left ${EVALUATION_FILE}.`,
      );
    }
    const words = {
      title: `${sweep.name}: traversals by ${by}`,
      subtitle: [
        `${sweep.model} · stage ${data.stage.name} · ${countWords(data)} · best cell of each ${by}, ${seed === undefined ? 'lowest seed' : `seed ${seed}`}`,
        ...(lacking.length === 0 ? [] : [`without traversals: ${lacking.join(', ')}`]),
        ...(cells.length > MOST ? [`${cells.length - MOST} more values not shown`] : []),
      ].join(' · '),
    };
    return {
      key: ['comparison-movie', words, base, latents, shown.map(({ name, artifact }) => [name, artifact.sha256])],
      load: async () => ({
        movie: 'comparison-movie',
        data: {
          ...words,
          base,
          latents,
          candidates: await Promise.all(
            shown.map(async ({ name, artifact }) => ({ name, evaluation: await bytesOf(artifact, services) })),
          ),
        },
      }),
    };
  },
};
