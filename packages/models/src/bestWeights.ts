import * as tf from '@tensorflow/tfjs-core';

/** What a run of any model holds on the device. */
interface Holder {
  /** Trained weights of the best epoch so far, by name; empty before there is one. */
  best: Map<string, tf.Tensor>;
  model: { network: { variables: ReadonlyMap<string, tf.Variable>; dispose(): void } };
  optimizer: { dispose(): void };
}
/** Takes the weights as they are for the best. Clones share memory with the weights until those change. */
export function keepBest(run: Holder): void {
  dropBest(run);
  for (const [name, variable] of run.model.network.variables) run.best.set(name, tf.clone(variable));
}

export function dropBest({ best }: Holder): void {
  for (const tensor of best.values()) tensor.dispose();
  best.clear();
}

export function restoreBest({ best, model: { network } }: Holder): void {
  for (const [name, variable] of network.variables) {
    const tensor = best.get(name);
    if (!tensor) throw new Error(`no best weights of ${name}`);
    tf.tidy(() => variable.assign(tf.clone(tensor)));
  }
}

export function dispose(run: Holder): void {
  dropBest(run);
  run.optimizer.dispose();
  run.model.network.dispose();
}
