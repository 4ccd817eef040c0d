import * as tf from '@tensorflow/tfjs-core';
import type { Checkpoint } from '@trawl/nn';
import { CheckpointError, fromHost, hostTensor, toHost } from '@trawl/nn';
import { z } from 'zod';
import { Stopped } from '../../contract.js';
import type { Run } from './run.js';
import { dropBest } from '../../bestWeights.js';
import { batchesOf } from './run.js';
import { RunState } from './state.js';

const Saved = z.strictObject({ run: RunState, streams: z.record(z.string(), z.string()) });
const BEST = 'best/';

/** Everything to go on bit for bit: weights, optimiser slots, best weights, streams and `RunState`. */
export function toCheckpoint(run: Run): Checkpoint {
  const best = new Map([...run.best].map(([name, tensor]) => [`${BEST}${name}`, tensor]));
  return {
    tensors: { ...toHost(run.model.network.variables), ...run.optimizer.slots(), ...toHost(best) },
    state: { run: run.state, streams: run.ctx.streams.state() } satisfies z.input<typeof Saved>,
  };
}

/** @throws CheckpointError for what another model, version or architecture wrote. */
export function fromCheckpoint(run: Run, { tensors, state }: Checkpoint): void {
  const parsed = Saved.safeParse(state);
  if (!parsed.success) throw new CheckpointError(`state: ${z.prettifyError(parsed.error)}`);
  const saved = parsed.data;
  const { variables } = run.model.network;
  fromHost(variables, tensors);
  run.optimizer.restore(tensors);
  dropBest(run);
  if (saved.run.best) {
    for (const [name, { shape }] of variables) {
      run.best.set(name, tf.tensor(hostTensor(tensors, `${BEST}${name}`, shape).data, shape, 'float32'));
    }
  }
  run.state = saved.run;
  run.ctx.streams.restore(saved.streams);
}

/**
 * Between two passes, of training or evaluation: tells where the run is, gives way, then writes a checkpoint when one is due
 * or the run must stop.
 * @param settle brings the run's state up to date for the checkpoint
 * @throws Stopped after writing it.
 */
export async function boundary(run: Run, settle?: () => void): Promise<void> {
  const { ctx, model, state } = run;
  const { epoch, step } = state;
  const { num_epochs: epochs } = model.params;
  ctx.progress({ epoch: Math.min(epoch, epochs), epochs, step, steps: epochs * batchesOf(model) });
  await ctx.breathe();
  if (!ctx.signal.aborted && !ctx.checkpointDue()) return;
  settle?.();
  await ctx.checkpoint(toCheckpoint(run), { epoch, step });
  if (ctx.signal.aborted) throw new Stopped(`stopped at epoch ${epoch}, step ${step}`);
}
