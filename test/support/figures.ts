import { createHash } from 'node:crypto';
import { evaluationOf } from '../../packages/figures/dist/testing/evaluation.js';
import { particlesOf } from '../../packages/figures/dist/testing/particles.js';
import { arraysBytes, evaluationBytes } from '../../packages/figures/dist/testing/npz.js';
import type { MetricPoint, RunView, Summary } from '@trawl/spec';
import type { TestApi } from './api.js';
import { claim, runsOf } from './training.js';

/** What a small PS-VAE leaves for figures, as bytes. */
export const evaluationFile = (): Uint8Array =>
  evaluationBytes(
    evaluationOf({
      labels: 2,
      unsupervised: 2,
      base: 2,
      steps: 5,
      height: 16,
      width: 16,
      trials: 2,
      framesPerTrial: 8,
    }),
  );

/** What a small DLP leaves for figures, as bytes. */
export const particlesFile = (images = 2): Uint8Array => arraysBytes(particlesOf({ images, side: 16, particles: 3 }));

/** Ends every queued run of a stage as a trainer would: curves, evaluation.npz, summary; diverged where `summaryOf` gives null. `more` files by name. */
export async function trainRuns(
  api: TestApi,
  worker: string,
  { sweepId, stage }: { sweepId: string; stage: string },
  summaryOf: (run: RunView) => Summary | null,
  more: Record<string, Uint8Array> = {},
): Promise<void> {
  for (const run of await runsOf(api.store, sweepId, stage)) {
    if (run.state !== 'queued') continue;
    const { fence } = await claim(api.store, worker, run);
    const points = [0, 1, 2, 3].flatMap((epoch) =>
      ['loss', 'loss_data_mse', 'label_r2', 'loss_zu_tc'].map((name): MetricPoint => ({
        epoch,
        step: 16 * epoch,
        split: 'val',
        name,
        value: 10 / (epoch + run.seed),
      })),
    );
    await api.store.metrics.ingest(run.id, fence, points);
    await api.store.runs.progress(run.id, fence, { epoch: 3, epochs: 4, step: 48 });
    const summary = summaryOf(run);
    if (summary === null) {
      await api.store.runs.fail(run.id, fence, 'diverged', 'loss is NaN at step 3');
      continue;
    }
    for (const [name, content] of Object.entries({ 'evaluation.npz': evaluationFile(), ...more })) {
      const file = Buffer.from(content);
      const stored = await api.inject({
        method: 'PUT',
        url: `/v1/runs/${run.id}/artifacts/${name}?fence=${fence}&kind=other`,
        headers: { 'content-type': 'application/zip', 'x-sha256': createHash('sha256').update(file).digest('hex') },
        payload: file,
      });
      if (stored.statusCode !== 201) throw new Error(`the file was refused: ${stored.body}`);
    }
    await api.store.runs.succeed(run.id, fence, summary);
  }
}
