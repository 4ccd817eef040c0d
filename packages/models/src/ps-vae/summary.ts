import type { Summary } from '@trawl/spec';
import { metricName } from '@trawl/spec';
import { boundary } from './checkpoint.js';
import { gaussianTotalCorrelation, mutualInfoScore } from './dependence.js';
import { correlationMatrix, latentMetrics, metricsByLabel } from './metrics.js';
import { evaluateTrial, unitsOf } from './passes.js';
import type { Run } from './run.js';
import { filledSplits, noiseAt, trialAt } from './run.js';
import { weightsAt } from './schedule.js';
import type { SplitSums } from './sums.js';
import { addTrial, assertFinite, metricsOf, splitSums } from './sums.js';

export interface Evaluated {
  summary: Summary;
  /** Posterior means [frames, latents] by trial, of trials in no split too. */
  means: Float32Array[];
  /** Pearson r of the unsupervised latents on the training split. */
  correlation: number[][];
}

/** The run's final numbers from the weights as they stand, over whole splits. */
export async function evaluateAll(run: Run): Promise<Evaluated> {
  const { ctx, model, splits } = run;
  const { params, shape } = model;
  const weights = weightsAt(params.anneal_epochs, params.anneal_epochs, params.beta);
  const sums = new Map<string, SplitSums>(
    filledSplits(run).map((split) => [split, splitSums(shape.labels, unitsOf(model))]),
  );
  const means: Float32Array[] = [];
  for (const index of ctx.dataset.trials.keys()) {
    const trial = trialAt(run, index);
    const reports = evaluateTrial(model, trial, noiseAt(run, index), weights, true);
    assertFinite(reports, `for trial ${index} with the best model`);
    for (const split of filledSplits(run)) {
      const of = sums.get(split);
      if (of && splits[split].includes(index)) addTrial(of, reports);
    }
    means.push(joined(reports.map(({ mean }) => mean)));
    await boundary(run);
  }
  const summary: Summary = { 'val.best_epoch': run.state.best?.epoch ?? Number.NaN };
  for (const split of filledSplits(run)) {
    const of = sums.get(split);
    if (!of) continue;
    const { correlation, correlationActive, correlationFirstPair, activeUnits } = latentMetrics(of.latents);
    const metrics: Record<string, number> = {
      ...metricsOf(of),
      latent_correlation_first_pair: correlationFirstPair,
      ...(split === 'train' && {
        latent_correlation: correlation,
        latent_correlation_active: correlationActive,
        active_units: activeUnits,
        unsupervised_units: unitsOf(model),
        gaussian_total_correlation: gaussianTotalCorrelation(correlationMatrix(of.latents)),
        mutual_info_score: mutualInfoScore(columnsOf(run, means)),
      }),
      ...(split !== 'train' && metricsByLabel(of.labels)),
    };
    for (const [name, value] of Object.entries(metrics)) summary[metricName(split, name)] = value;
  }
  const train = sums.get('train');
  return { summary, means, correlation: train ? correlationMatrix(train.latents) : [] };
}

/** Unsupervised latents of the training frames, one array a latent. */
function columnsOf({ model, splits }: Run, means: readonly Float32Array[]): Float64Array[] {
  const latents = model.params.n_ae_latents;
  const units = unitsOf(model);
  const rows = joined(splits.train.flatMap((trial) => means[trial] ?? []));
  return Array.from({ length: units }, (_, unit) =>
    Float64Array.from({ length: rows.length / latents }, (_row, i) => rows[(i + 1) * latents - units + unit] ?? 0),
  );
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
