import type { Summary } from '@trawl/spec';
import { metricName } from '@trawl/spec';
import type { Run } from '../ps-vae/run.js';
import type { Labelled } from './sessionClassifier.js';
import { accuracyOf, fitClassifier } from './sessionClassifier.js';

/** How well the session can be told from the unsupervised and from the background latents: of posterior means by trial. */
export function sessionMetrics(run: Run, means: readonly Float32Array[]): Summary {
  const { labels, background } = run.model.shape;
  const classes = Math.max(...run.sessionOf) + 1;
  const latents = run.model.params.n_ae_latents;
  const summary: Summary = {};
  for (const [name, from, to] of [
    ['session_accuracy', labels + background, latents],
    ['session_accuracy_background', labels, labels + background],
  ] as const) {
    const of = (trials: readonly number[]): Labelled => rowsOf(run, means, { trials, from, to });
    const classifier = fitClassifier(of(run.splits.train), classes);
    for (const split of ['val', 'test'] as const) {
      if (run.splits[split].length === 0) continue;
      summary[metricName(split, name)] = accuracyOf(classifier, of(run.splits[split]));
    }
  }
  return summary;
}

function rowsOf(
  { sessionOf, model }: Run,
  means: readonly Float32Array[],
  { trials, from, to }: { trials: readonly number[]; from: number; to: number },
): Labelled {
  const latents = model.params.n_ae_latents;
  const values: number[] = [];
  const sessions: number[] = [];
  for (const trial of trials) {
    const rows = means[trial] ?? new Float32Array(0);
    for (let at = 0; at < rows.length; at += latents) {
      values.push(...rows.subarray(at + from, at + to));
      sessions.push(sessionOf[trial] ?? 0);
    }
  }
  return { values: Float64Array.from(values), width: to - from, sessions };
}
