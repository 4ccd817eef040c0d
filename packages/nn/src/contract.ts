import type * as tfjs from '@tensorflow/tfjs-core';
import type { BackendInfo } from '@trawl/spec';

/**
 * TensorFlow.js core. Chained methods (`x.add(y)`) are not registered: use the functions (`tf.add(x, y)`).
 */
export type Tf = typeof tfjs;

/** An opened TensorFlow.js backend. One a process. */
export interface Backend {
  info: BackendInfo;
  tf: Tf;
}

export type BackendChoice = 'auto' | 'tfjs-node-gpu' | 'wasm' | 'cpu';

export interface OpenOptions {
  /** CPU threads of the native backend; wasm and cpu have one. Default: one per core. */
  threads?: number;
  /** Kernels that the caller will use, by TensorFlow.js name (`Conv2DBackpropFilter`): missing ones fail here, by name. */
  needs?: readonly string[];
  /** Where native builds are kept. Default: `nativeDirectory()`. */
  cacheDir?: string;
}

/** A model's trainable tensors by name (`encoder.conv0.kernel`); the names are those of the checkpoint. */
export type Variables = Map<string, tfjs.Variable>;

/** Gradients by variable name; a variable that the loss does not reach is absent. */
export type Gradients = Map<string, tfjs.Tensor>;

export interface Optimizer {
  /** One update. The gradients stay the caller's. */
  apply(gradients: Gradients): void;
  /** Moments and step count, named `<variable>/m` and the like; `optimizer/step` is a scalar. */
  slots(): HostTensors;
  /** Takes the slots among `tensors` (other names are ignored); missing or misshapen ones throw CheckpointError. */
  restore(tensors: HostTensors): void;
  dispose(): void;
}

/** A seeded generator whose state can be saved. Same seed and stream name, same numbers, on every machine. */
export interface RandomStream {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Integer in [0, n). */
  int(n: number): number;
  /** A shuffled copy of 0..n-1. */
  permutation(n: number): number[];
  /** n standard normals as float32. */
  normals(n: number): Float32Array;
  uniforms(n: number, low: number, high: number): Float32Array;
  state(): string;
  restore(state: string): void;
}

/** Independent streams by purpose, all from one seed. */
export interface RandomStreams {
  /** The stream of a purpose; asked twice it is the same stream. */
  get(purpose: string): RandomStream;
  state(): Record<string, string>;
  restore(state: Record<string, string>): void;
}

/** Named arrays on the host. */
export type HostTensors = Record<string, { shape: number[]; data: Float32Array }>;

/** All that is needed to go on as if nothing had happened; stored as one safetensors file. */
export interface Checkpoint {
  /** By variable name: weights, and `<name>/m` and the like for optimiser slots. */
  tensors: HostTensors;
  /** Schedule, RNG streams, data position, partial sums: JSON. Non-finite numbers are strings. */
  state: unknown;
}
