import * as tf from '@tensorflow/tfjs-core';
import type { Gradients, HostTensors, Variables } from './contract.js';
import { CheckpointError } from './errors.js';

/** Adds a trainable float32 variable; a name that is taken throws. Returns it. */
export function addVariable(variables: Variables, name: string, shape: number[], data: Float32Array): tf.Variable {
  if (variables.has(name)) throw new Error(`variable ${name} exists already`);
  // TensorFlow.js names are global to a process, ours only to a model: they stay apart.
  // A copy: the native backend computes on the array itself, and so would see it change.
  const variable = tf.tidy(() => tf.variable(tf.tensor(data.slice(), shape, 'float32'), true));
  variables.set(name, variable);
  return variable;
}

/** Copies tensors to the host. Waits for the device. */
export function toHost(tensors: ReadonlyMap<string, tf.Tensor>): HostTensors {
  return Object.fromEntries(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: Float32Array.from(tensor.dataSync()) }]),
  );
}

/** Sets every variable from the tensor of its name (other names are ignored); missing or misshapen ones throw CheckpointError. */
export function fromHost(variables: Variables, tensors: HostTensors): void {
  for (const [name, variable] of variables) {
    const tensor = hostTensor(tensors, name, variable.shape);
    tf.tidy(() => variable.assign(tf.tensor(tensor.data.slice(), variable.shape, 'float32')));
  }
}

/** The tensor of a name, its shape checked. */
export function hostTensor(
  tensors: HostTensors,
  name: string,
  shape: readonly number[],
): { shape: number[]; data: Float32Array } {
  const tensor = tensors[name];
  if (!tensor) throw new CheckpointError(`tensor ${name}: missing; wanted shape [${shape.join(', ')}]`);
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
    throw new CheckpointError(`tensor ${name}: shape [${tensor.shape.join(', ')}]; wanted [${shape.join(', ')}]`);
  }
  return tensor;
}

/** Says which of the named tensors holds a number that is not finite; null where none does. */
export function findNonFinite(tensors: HostTensors, names: Iterable<string>): string | null {
  for (const name of names) {
    const value = tensors[name]?.data.find((number) => !Number.isFinite(number));
    if (value !== undefined) return `tensor ${name}: holds ${value}`;
  }
  return null;
}

export function disposeVariables(variables: Variables): void {
  for (const variable of variables.values()) variable.dispose();
  variables.clear();
}

/**
 * A loss, the terms beside it and the loss's gradients, from one forward and one backward pass.
 *
 * `f` returns `loss` (a scalar) and whatever else is to be reported. Call it in a tidy: all returned tensors belong to that.
 */
export function valueAndGradients<T extends { loss: tf.Scalar } & Record<string, tf.Tensor>>(
  variables: Variables,
  f: () => T,
): { values: T; gradients: Gradients } {
  const names = new Map([...variables].map(([name, variable]) => [variable.name, name]));
  const results: T[] = [];
  const { grads } = tf.variableGrads(() => {
    const result = f();
    for (const tensor of Object.values(result)) tf.keep(tensor);
    results.push(result);
    return result.loss;
  }, [...variables.values()]);
  const [result] = results;
  if (!result) throw new Error('valueAndGradients: f was not called');
  // A kept tensor outlives every tidy; a clone shares its memory and belongs to the caller's.
  const clones = Object.entries(result).map(([name, tensor]): [string, tf.Tensor] => [name, tf.clone(tensor)]);
  for (const tensor of Object.values(result)) tensor.dispose();
  return {
    values: Object.assign({ ...result }, Object.fromEntries(clones)),
    gradients: new Map(Object.entries(grads).map(([name, gradient]) => [names.get(name) ?? name, gradient])),
  };
}
