// Trains one run of any model in a process of its own, as the worker's trainer does: argv[2] is a job file, argv[3] where the
// result goes. See trainInChild.ts.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { openDataset } from '@trawl/datasets/open';
import { Stopped } from '@trawl/models';
import { bareContext } from '@trawl/models/bareContext.testing';
import { trainerFor } from '@trawl/models/trainers';
import { openBackend, readCheckpoint, writeCheckpoint } from '@trawl/nn';
import { DatasetSchema, particlesEpoch } from '@trawl/spec';

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const dataset = await openDataset(DatasetSchema.parse(job.dataset), { roots: job.roots ?? [] });
const trainer = await trainerFor(job.model);

// JSON has no NaN.
const wire = (_, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);
const finish = (result) => {
  writeFileSync(process.argv[3], JSON.stringify(result, wire));
  process.exit(0);
};
const backend = await openBackend(job.backend, { threads: 2 }).catch((error) =>
  finish({ state: error.name, message: error.message }),
);

const stop = new AbortController();
const result = { state: 'succeeded', points: [], artifacts: {}, steps: [], tensors: [], info: backend.info };
let step = 0;
let checkpointed = -1;

const context = bareContext({
  params: trainer.card.params.parse(job.params),
  seed: job.seed,
  dataset,
  backend,
  resume: job.resume ? await readCheckpoint(job.resume) : null,
  weights: job.weights ? await readCheckpoint(job.weights) : null,
  report: (point) => result.points.push(point),
  progress(at) {
    step = at.step;
    result.steps.push({ step, ms: performance.now() });
    if (step === job.stopAtStep) stop.abort();
  },
  // Each step of `checkpointAtSteps` once.
  checkpointDue: () => (job.checkpointAtSteps ?? []).includes(step) && checkpointed !== step,
  async checkpoint(state) {
    checkpointed = step;
    await writeCheckpoint(job.checkpoint, state);
  },
  async artifact(name, content, mediaType) {
    // What an epoch leaves is of whichever part of an interrupted run trained it.
    if (particlesEpoch(name) !== null) return;
    const sha256 = createHash('sha256').update(content).digest('hex');
    result.artifacts[name] = { sha256, size: content.length, mediaType };
    if (job.artifactDir) writeFileSync(`${job.artifactDir}/${name}`, content);
  },
  signal: stop.signal,
  async breathe() {
    result.tensors.push(backend.tf.memory().numTensors);
    await setImmediate();
  },
});

const before = backend.tf.memory().numTensors;
try {
  result.summary = await trainer.train(context);
} catch (error) {
  result.state = error instanceof Stopped ? 'stopped' : error.name;
  result.message = error.message;
}
result.leaked = backend.tf.memory().numTensors - before;
finish(result);
